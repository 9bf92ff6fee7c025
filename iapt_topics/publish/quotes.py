"""Which quotes a report may print, for which theme, and what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError, listed, require_columns
from iapt_topics._base.text import clean, shorten
from iapt_topics.publish.cases import CASES, CONTRARY, LONGEST, in_context, pick_cases
from iapt_topics.publish.words_said import OTHER_WORDS, words_said
from iapt_topics.study.study import Study
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.survey.responses import Responses

#: Without a contrary case, which says what one coder did with one response.
_PUBLIC_CASES = {case: n for case, n in CASES.items() if case != CONTRARY}
#: Typical responses of a topic to propose; somebody who is quoted for a theme is left out.
_OF_A_TOPIC = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote(Checked):
    """A quote that may be printed, with its theme, wave and topic.

    Attributes
    ----------
    text : str
        The words, redacted: a sentence with the words round it.
    start, end : int
        Place in ``text`` of the sentence that carried the theme, end exclusive; equal where no
        sentence is known.
    paraphrase : bool
        Whether the words are not the respondent's own.
    year : str
        What the wave is called.
    topic : int
        Its topic, -1 if it has none to name.
    theme : str
        Id of the one theme that it is quoted for; "" if it is a typical response of its topic.
    case : str
        "typical", "borderline" or "contrary" of the theme, or "".
    themes : tuple of str
        Ids of all its themes that may be named.
    support : float
        Consensus support of its topic, 0 to 1.
    covariates : tuple of (str, str)
        Name and value of each covariate of its respondent; empty in a public version.
    coders : tuple of (str, bool)
        Human coders, and whether they applied ``theme``; empty in a public version.
    polarity : str
        "denied" where the sentence denies ``theme``; "past", "hypothetical" or "others" where it
        only mentions it so; "" otherwise, and in a public version.
    """

    text: str
    start: int = 0
    end: int = 0
    paraphrase: bool
    year: str
    topic: int
    theme: str = ""
    case: str = ""
    themes: tuple[str, ...]
    support: float
    covariates: tuple[tuple[str, str], ...] = ()
    coders: tuple[tuple[str, bool], ...] = ()
    polarity: str = ""

    @property
    def sentence(self) -> str:
        """The sentence that carried the theme."""
        return self.text[self.start : self.end]


class _Choice(NamedTuple):
    """A response to quote: its words if a person settled them, its theme and case."""

    response_id: str
    theme: str
    case: str = ""
    words: str | None = None
    paraphrase: bool = False


def choose_quotes(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    quotes: pd.DataFrame | bool | None,
    *,
    private: bool = False,
) -> tuple[Quote, ...]:
    """Quotes by theme and topic, at most one for each person.

    Parameters
    ----------
    study : Study
        Whose responses are quoted.
    tables : mapping of str to DataFrame
        Its published tables: nothing stands beside a quote that they do not show.
    quotes : DataFrame or bool or None
        As for :func:`iapt_topics.publish.publish`.
    private : bool, default False
        Whether the researcher alone reads them, with covariates and what coders did beside.
    """
    if quotes is None:
        quotes = study.responses.synthetic
    if isinstance(quotes, pd.DataFrame):
        choices = _approved(quotes, study.responses)
    elif quotes:
        return tuple(q for _, q in propose_quotes(study, tables, private=private))
    else:
        return ()
    return tuple(q for _, q in _quoted(study, tables, choices, private=private))


def propose_quotes(
    study: Study, tables: Mapping[str, pd.DataFrame], *, private: bool = False
) -> Iterator[tuple[str, Quote]]:
    """Id and quote of the responses to propose for each theme, then for each topic."""
    allowed, hidden, _ = _barred(tables)
    years = set(study.responses.years)
    barred = hidden | {(t, y) for t in study.codes.themes if t not in allowed for y in years}
    picked = pick_cases(study, barred, cases=CASES if private else _PUBLIC_CASES)
    choices = [_Choice(*row) for row in picked.itertuples(index=False, name=None)]
    exemplars = study.topics.topics["exemplars"]
    choices += [_Choice(str(i), "") for of in exemplars for i in of[:_OF_A_TOPIC]]
    return _quoted(study, tables, choices, private=private)


def _barred(
    tables: Mapping[str, pd.DataFrame],
) -> tuple[set[str], set[tuple[str, int]], set[int]]:
    """Themes that may be named, suppressed pairs of theme and year, and small topics."""
    shares, by_year, topics = (tables[n] for n in ("theme_shares", "drift_shares", "topics"))
    suppressed = by_year[by_year["estimate"].isna() & (by_year["n"] != 0)]
    return (
        set(shares.loc[shares["count"].notna(), "theme"]),
        set(zip(suppressed["theme"], suppressed["year"], strict=True)),
        set(topics.loc[topics["label"] == "", "topic"]),
    )


def _quoted(
    study: Study,
    tables: Mapping[str, pd.DataFrame],
    choices: list[_Choice],
    *,
    private: bool,
) -> Iterator[tuple[str, Quote]]:
    responses, rows = study.responses, study.topics.assignments.set_index("response_id")
    allowed, hidden, small = _barred(tables)
    who = responses.cluster_id.to_dict()
    topic_of, support = rows["topic"].to_dict(), rows["support"].to_dict()
    kept = responses.kept.set_index("response_id")
    years, texts = kept["year"].to_dict(), kept["text"].to_dict()
    beside = {name: kept[name].to_dict() for name in (responses.covariates if private else ())}
    ids = [c.response_id for c in choices]
    safe = dict(zip(ids, safe_texts(responses, ids), strict=True))
    given = study.codes.table.groupby("response_id", sort=False)["theme"].agg(tuple).to_dict()
    places = _places(study)
    coders = [_coder(codes) for codes in study.human] if private else []
    polarity = _polarity(study) if private else {}
    n_of: dict[str, int] = dict.fromkeys(study.codes.themes, 0)
    used: set[object] = set()
    said: set[str] = set()
    for choice in choices:
        response_id = choice.response_id
        topic, year = int(topic_of[response_id]), int(years[response_id])
        # The theme of a cell that is suppressed would say that somebody is in it.
        themes = tuple(
            t for t in given.get(response_id, ()) if t in allowed and (t, year) not in hidden
        )
        theme = choice.theme
        if theme == "?":  # the sheet names none: the one with the fewest quotes
            theme = min(themes, key=n_of.__getitem__, default="")
        if who[response_id] in used or topic in small or theme not in ("", *themes):
            continue
        at = places.get((response_id, theme))
        text, start, end = _words(choice, texts[response_id], safe[response_id], at)
        if not text or text in said:
            continue
        used.add(who[response_id])
        said.add(text)
        if theme:
            n_of[theme] += 1
        yield (
            response_id,
            Quote(
                text=text,
                start=start,
                end=end,
                paraphrase=choice.paraphrase,
                year=study.about.wave(year),
                topic=topic,
                theme=theme,
                case=choice.case if theme else "",
                themes=themes,
                support=float(support[response_id]),
                covariates=tuple(
                    (clean(name), clean(of[response_id]))
                    for name, of in beside.items()
                    if pd.notna(of[response_id])
                ),
                coders=tuple(
                    (name, (response_id, theme) in applied)
                    for name, known, seen, applied in coders
                    if theme in known and response_id in seen
                ),
                polarity=polarity.get((response_id, theme), ""),
            ),
        )


def _places(study: Study) -> dict[tuple[str, str], tuple[int, int]]:
    """Start and end of the sentence behind each code."""
    evidence = study.codes.evidence
    if evidence is None:
        return {}
    keys = zip(evidence["response_id"], evidence["theme"], strict=True)
    return dict(zip(keys, zip(evidence["start"], evidence["end"], strict=True), strict=True))


def _polarity(study: Study) -> dict[tuple[str, str], str]:
    """What is to be noted of the sentence behind a code, where that is not plainly said."""
    evidence = study.codes.evidence
    if evidence is None or "polarity" not in evidence:  # of an earlier version
        return {}
    noted = evidence["polarity_reason"].mask(evidence["polarity"] == "denied", "denied")
    keys = zip(evidence["response_id"], evidence["theme"], strict=True)
    return {key: note for key, note in zip(keys, noted, strict=True) if note}


def _words(
    choice: _Choice, text: str, safe: str, at: tuple[int, int] | None
) -> tuple[str, int, int]:
    """The words to print, and the place in them of the sentence that carried the theme."""
    if choice.words is None:
        return in_context(text, safe, *at) if at else (clean(shorten(safe, LONGEST)), 0, 0)
    words = choice.words
    if at is None or choice.paraphrase:
        return words, 0, 0
    whole, start, end = in_context(text, safe, *at, most=len(safe) + 2)
    sentence = whole[start:end]
    plain = " ".join(words.split())
    if sentence in plain:
        return plain, plain.index(sentence), plain.index(sentence) + len(sentence)
    return (plain, 0, len(plain)) if plain.strip(" .\u2026") in sentence else (words, 0, 0)


def _coder(codes: Codes) -> tuple[str, set[str], set[str], set[tuple[str, str]]]:
    """A human coder's name, themes, responses, and pairs of response and theme."""
    given = codes.table
    applied = set(zip(given["response_id"], given["theme"], strict=True))
    return clean(codes.coder), set(codes.themes), set(codes.seen["response_id"]), applied


def _approved(quotes: pd.DataFrame, responses: Responses) -> list[_Choice]:
    """The quotes that somebody approved, as they are to be printed."""
    what = "the approved quotes"
    require_columns(quotes, ("response_id", "text", "approved_by", "paraphrase"), what)
    cells = quotes.fillna("").astype(str)
    cells = cells[cells["approved_by"].str.strip() != ""]
    ids = cells["response_id"].tolist()
    kept = set(responses.kept["response_id"])
    if other := [i for i in ids if i not in kept]:
        raise InputError(
            what, "must be of responses that were kept", listed(other), "Check the ids."
        )
    said = words_said(responses, ids, cells["text"].tolist())
    rows = zip(cells.index, ids, said, strict=True)
    if faults := [f"row {at}: {i!r}" for at, i, words in rows if words is None]:
        got = f"other words in {', '.join(faults[:20])}"
        raise InputError(what, "must have the words of their responses as text", got, OTHER_WORDS)
    named = cells["theme"] if "theme" in cells else ["?"] * len(cells)
    cases = cells["case"] if "case" in cells else [""] * len(cells)
    out = []
    for i, own, other_words, theme, case in zip(
        ids, said, cells["paraphrase"], named, cases, strict=True
    ):
        paraphrase = clean(other_words).strip()
        words = paraphrase or clean(own).strip()
        if words:
            out.append(_Choice(i, theme, case, words, bool(paraphrase)))
    return out
