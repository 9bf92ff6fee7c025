"""Which words of a text are people's names: rules beside what a small language model says.

The model knows the names that are common in American news. What shows the others is that they begin
with a capital inside a sentence and are no word of a dictionary, or stand where a person is named.
No list of names is used: whom it did not list, it would not protect.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, Protocol


class Token(NamedTuple):
    """A token of the model: where it is, its part of speech (Penn Treebank), its entity."""

    start: int
    end: int
    tag: str
    entity: str


class Dictionary(Protocol):
    """What is known of a word in small letters."""

    def kinds(self, word: str) -> frozenset[str]:
        """As what it is listed: "small" (the, and), "noun", "other"; empty if it is not."""
        ...

    def reads_as_name(self, word: str) -> int:
        """Whether the model takes it for a name where one may stand: 1, or 2 if a person's."""
        ...

    def is_near(self, word: str) -> bool:
        """Whether it is one letter off a word that is listed: a slip of the pen."""
        ...


@dataclass(slots=True)
class _Word:
    """A word of the text, without the ending of a possessive."""

    text: str
    start: int
    begins: bool  # a sentence, a line, or what is in quotation marks or brackets
    follows: bool  # the word before it, after one space or an initial's full stop
    possessive: bool
    kinds: frozenset[str]
    guessed: bool = False  # written without its capital
    tags: set[str] = field(default_factory=set)
    is_person: bool = False

    @property
    def low(self) -> str:
        return self.text.lower()

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def is_initial(self) -> bool:
        return len(self.text) == 1 and self.text.isupper()

    @property
    def is_proper(self) -> bool:
        return "NNP" in self.tags

    @property
    def is_verb(self) -> bool:
        return bool(self.tags & {"VBD", "VBZ", "VBP", "MD", "WP"})

    def is_in(self, *lists: str) -> bool:
        return any(self.low in _lists()[name] for name in lists)


_WORD = re.compile(r"(?<![\w@#])[^\W\d_]+(?:['\u2019-][^\W\d_]+)*(?![\w.+-]{0,64}@|\w)")
_POSSESSIVE = re.compile(r"['\u2019]s?$", re.IGNORECASE)
_BEGINS = re.compile(r"[.!?:;\n\r\"\u201c(\[\u2022*/]|(?:^|\s)[-\u2013\u2014']")
# Of capitals inside a word, those of McKay, O'Hara and Ann-Marie are a name's; HCAs is none.
_PART = r"(?:(?:Ma?c|Fitz|De|Di|La|Le|Van|[OD]['\u2019])?U(?:l|['\u2019](?=l))*)"
_NAMED = (rf"{_PART}(?:-(?:{_PART}|l+))*").replace("U", r"[^\W\d_a-z]").replace("l", r"[^\W\d_A-Z]")


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    path = Path(__file__).with_name("name_words.toml")
    read = tomllib.loads(path.read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in read.items()}


def find_names(
    text: str,
    tokens: Sequence[Token],
    dictionary: Dictionary,
    guessed: AbstractSet[int] = frozenset(),
) -> list[tuple[int, int]]:
    """Start and end of each name of a person in a text, in order; no two meet.

    Parameters
    ----------
    text : str
        What a respondent wrote, as :func:`raise_words` gives it.
    tokens : sequence of Token
        What the model says of it, in order.
    dictionary : Dictionary
        Of the text's language.
    guessed : set of int
        Where words begin that were written without their capital.
    """
    words = _words(text, dictionary)
    for word in words:
        word.guessed = word.start in guessed
    i = 0
    for token in tokens:
        while i < len(words) and words[i].end <= token.start:
            i += 1
        if i < len(words) and token.end > words[i].start and token.start < words[i].end:
            words[i].tags.add(token.tag)
            words[i].is_person |= token.entity == "PERSON"
    runs = _runs(words)
    things = {run: _is_thing(words, run) for run in runs}
    places = {words[i].text for run in runs if things[run] or _is_place(words, run) for i in run}
    names: set[range] = set()
    for run in runs:
        placed = any(words[i].text in places for i in run)
        if not things[run] and (
            _is_introduced(words, run)
            or (not placed and any(_is_name(words, i, run, dictionary) for i in run))
        ):
            names.add(run)
    # "Anna, Grace and Mark": who stands beside a name is a person too.
    for one, two in (*pairwise(runs), *pairwise(runs[::-1])):
        if one in names and two not in names and _are_joined(text, words, one, two):
            places_of_two = any(words[i].text in places for i in two)
            if not places_of_two and all(words[i].is_proper or words[i].is_initial for i in two):
                names.add(two)
    # A word that is a name once is one each time it is written so.
    said = {words[i].text for run in names for i in run if not words[i].is_initial}
    names |= {r for r in runs if all(words[i].text in said or words[i].is_initial for i in r)}
    return sorted((words[run[0]].start, words[run[-1]].end) for run in names)


def raise_words(text: str, dictionary: Dictionary) -> tuple[str, frozenset[int]]:
    """Give capitals to words without that may be names; and where these begin.

    A text that shouts is made small first. The text keeps its length.
    """
    words = _words(text, dictionary)
    long = [w.text for w in words if len(w.text) > 1]
    if len(long) > 2 and sum(w.isupper() for w in long) > 0.7 * len(long):
        text = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
        words = _words(text, dictionary)
    letters = list(text)
    guessed = set()
    for word, after in pairwise(words):
        gap = text[word.end : after.start]
        stands = gap in (". ", ".") or (gap == " " and word.text not in "ainru")
        of_more = text[word.start - 1 : word.start] == "."  # e.g.
        if len(word.text) == 1 and stands and not of_more and not after.kinds:
            letters[word.start] = _raised(word.text)
    for before, word in zip([None, *words], words, strict=False):
        if _may_be_raised(word, before if word.follows else None, dictionary):
            letters[word.start : word.end] = _raised(word.text)
            guessed.add(word.start)
    return "".join(letters), frozenset(guessed)


def _raised(word: str) -> str:
    parts = re.split(r"([-'\u2019])", word.lower())
    raised = "".join(p[:1].upper() + p[1:] for p in parts)
    return raised if len(raised) == len(word) else word


def _may_be_raised(word: _Word, before: _Word | None, dictionary: Dictionary) -> bool:
    if not word.text.islower() or len(word.text) < 3:
        return False
    if word.is_in("no_names", "calendar", "places", "after_places"):
        return False
    introduced = before is not None and before.is_in("introductions")
    if not word.kinds:
        return not any(map(dictionary.kinds, word.low.split("-")))
    return introduced and word.kinds == {"noun"} and dictionary.reads_as_name(word.low) > 1


def _words(text: str, dictionary: Dictionary) -> list[_Word]:
    words: list[_Word] = []
    before = 0
    for match in _WORD.finditer(text):
        whole = match[0]
        bare = _POSSESSIVE.sub("", whole) if len(whole) > 2 else whole
        # The apostrophe of a plural possessive stands outside of the word: James' idea.
        possessive = bare != whole or text[match.end() : match.end() + 1] in ("'", "\u2019")
        gap = text[before : match.start()]
        goes_on = bool(words) and words[-1].is_initial and gap in (". ", ".")
        begins = not words or (not goes_on and bool(_BEGINS.search(gap)))
        follows = bool(words) and (gap == " " or goes_on)
        kinds = dictionary.kinds(bare.lower())
        words.append(_Word(bare, match.start(), begins, follows, possessive, kinds))
        before = match.end()
    return words


def _runs(words: list[_Word]) -> list[range]:
    """Words that may be a name, with what joins them: J. Patel, Grace Okafor."""
    runs: list[range] = []
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and _may_be(words, end) and (
            end == start
            or (words[end].follows and not words[end - 1].possessive
                and (words[end].is_initial or words[end - 1].is_initial
                     or words[end].guessed == words[end - 1].guessed))
        ):  # fmt: skip
            end += 1
        if any(not words[i].is_initial for i in range(start, end)):  # an initial alone is none
            runs.append(range(start, end))
        start = max(end, start + 1)
    return runs


def _may_be(words: list[_Word], i: int) -> bool:
    """Whether a word can be part of a name at all."""
    word = words[i]
    if word.is_initial:
        after = words[i + 1] if i + 1 < len(words) else None
        # "I" stands for the writer, unless the full stop of an initial parts it from the next.
        said = after is not None and after.start - word.end == 1
        return after is not None and after.follows and not (word.text == "I" and said)
    if word.begins and word.kinds and not word.is_proper:
        return False  # "Ask Siobhan": its capital is the sentence's
    return (
        word.text[0].isupper()
        and not word.text.isupper()
        and re.fullmatch(_NAMED, word.text) is not None
        and not word.is_in("no_names")
        and "small" not in word.kinds
    )


def _before(words: list[_Word], run: range) -> _Word | None:
    return words[run[0] - 1] if run[0] and words[run[0]].follows else None


def _after(words: list[_Word], run: range) -> _Word | None:
    """The word after, unless it belongs to the words by an apostrophe or a mark is between."""
    i = run[-1] + 1
    return words[i] if i < len(words) and words[i].follows and not words[i - 1].possessive else None


def _is_thing(words: list[_Word], run: range) -> bool:
    """Whether words are the name of a place, a firm or a thing: Elm House, Kingsley ward."""
    after = _after(words, run)
    return any(words[i].is_in("of_places", "after_places") for i in run) or (
        after is not None and after.is_in("after_places")
    )


def _is_place(words: list[_Word], run: range) -> bool:
    """Whether what stands before words makes them no person's: at Kingsley, went to Kingsley."""
    before = _before(words, run)
    if before is None or words[run[-1]].possessive or words[run[0]].is_initial:
        return False
    if before.is_in("before_places", "determiners"):
        return True
    back = words[max(0, run[0] - 4) : run[0] - 1]
    return before.low in ("to", "from", "of") and any(w.is_in("moves") for w in back)


def _is_introduced(words: list[_Word], run: range) -> bool:
    """Whether who is named is said to be a person: a colleague called, Dr, J. Patel."""
    before, first = _before(words, run), words[run[0]]
    if before is not None and before.is_in("introductions") and not before.possessive:
        return not first.is_verb and any(
            words[i].is_proper or (not words[i].kinds and not words[i].guessed) for i in run
        )
    if not first.is_initial:
        return False
    second = next(words[i] for i in run if not words[i].is_initial)
    return bool(second.tags & {"NNP", "NNPS"}) or not second.kinds


def _is_name(words: list[_Word], i: int, run: range, dictionary: Dictionary) -> bool:
    word = words[i]
    before, after = _before(words, run), _after(words, run)
    links = ("links", "weak_links") if word.guessed else ("links",)
    linked = before is not None and before.is_in(*links)
    stands = linked + _does(words, run) + words[run[-1]].possessive
    if word.is_initial or word.is_in("places"):
        return False
    if word.is_in("calendar"):
        return word.is_person and stands > linked
    reads = dictionary.reads_as_name
    if word.guessed:
        alone = all(not words[j].guessed or j == i for j in run)
        stands += word.is_person + (reads(word.low) > 1) + (not alone)
        return stands > 1 + 2 * dictionary.is_near(word.low)
    if not word.kinds:
        if not word.begins:
            return True
        if word.is_person and (len(run) > 1 or (after is not None and after.low == "and")):
            return True
        return word.possessive or (word.is_proper and stands > 0)
    if not word.is_proper:
        return False
    if word.begins:
        return stands > 0 and reads(word.low) + word.is_person > 1
    if "other" in word.kinds:
        return word.is_person + stands > 1
    if word.is_person:
        return stands > 0 or reads(word.low) > 0
    return linked + stands > 2 or (stands > 0 and reads(word.low) > 1)


def _does(words: list[_Word], run: range) -> bool:
    """Whether a verb follows, perhaps after an adverb: also told, always makes."""
    after = _after(words, run)
    if after is not None and "RB" in after.tags and run[-1] + 2 < len(words):
        after = words[run[-1] + 2]
    return after is not None and after.is_verb


def _are_joined(text: str, words: list[_Word], one: range, two: range) -> bool:
    """Whether nothing but a comma, "and" or "&" is between."""
    first, last = sorted((one, two), key=lambda run: run[0])
    if words[first[-1]].possessive:
        return False
    gap = text[words[first[-1]].end : words[last[0]].start]
    return gap.strip(" ,").lower() in ("", "and", "&", "or") and 1 < len(gap) < 9
