"""Replace identifiers before text leaves the process: patterns, a deny-list, and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Literal

import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_names
from iapt_topics._base.tables import read_table
from iapt_topics.survey.name_model import model_names
from iapt_topics.survey.responses import Responses

# "miss" is a title only with a capital: "I miss London" names no one.
# After "Nurse" and the like a role may stand, "Nurse Practitioner", which is no name.
_ROLES = (
    r"(?!(?:Practitioner|Manager|Lead|Led|Consultant|Specialist|Associate|Assistant|Prescriber|Team|"
    r"In|On|At|And|Or|For|The|Is|Was|Staff|Station|Call|Ward|Hospital|Company|Services?)\b)"
)
# A full stop after a whole word ends a sentence: "ask the doctor. Then wait" names no one.
_TITLE = (
    r"(?:(?:(?i:dr|mrs?|ms|mx|prof)|Revd?)(?:\.\s{0,2}|\s{1,2})"
    rf"|(?:(?i:professor|doctor)|Miss|MISS|Sir|Dame|(?:Nurse|Sister|Matron)(?=\s{_ROLES}))\s{{1,2}})"
)
# Nor do words that begin one: "saw the dr. However, ..." and "to the Dr I have seen".
_NO_NAME = (
    r"(?!I(?:['\u2019]|\b(?!\.))|(?:It|The|But|And|However|Did|My|Like|They|He|She|We|You|This|That"
    r"|There|So|If|When|Then|Who|Is|Was|Not|No)\b)"
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_FULL_YEAR = r"(?:(?:19|20)\d{2})"
_CAPITAL = r"[A-Z\u00c0-\u00d6\u00d8-\u00de]"
_WORD = rf"(?:{_CAPITAL}[\w'\u2019-]+|{_CAPITAL}\b\.?)"
_PARTICLES = r"(?:(?:van|von|de|der|den|del|la|le|du|al|el|bin|ter)\s){0,2}"
_END = r"[^\s<>\"'.,;:!?)\]]"

#: Kind and pattern, in the order they are tried: a URL may hold an e-mail, an e-mail holds an @.
#: Repeats are bounded or begin with a mark of their own, so that time grows with the text, and a
#: chain such as @one@two goes as a whole, so that the rounds of :func:`redact` stay few.
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("url", re.compile(rf"\b(?:https?://|www\.)[^\s<>\"']*{_END}", re.IGNORECASE)),
    ("email", re.compile(r"[\w.%+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),
    # A bare address of a site, such as example.nhs.uk/jobs.
    (
        "url",
        re.compile(
            rf"\b(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:com|org|net|uk)\b(?:/(?:[^\s<>\"']*{_END})?)?",
            re.IGNORECASE,
        ),
    ),
    ("handle", re.compile(r"(?<![\w@])(?:@+(?=[^\W\d])\w{2,})+")),
    (
        "ni-number",
        re.compile(
            r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
            r"[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]\b",
            re.IGNORECASE,
        ),
    ),
    ("nhs-number", re.compile(r"(?<![\w-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])")),
    # A whole date, of birth, leave or an event; after "born" or "DOB", a shorter one too.
    (
        "date",
        re.compile(
            rf"(?<![\w/.-])(?:{_DAY}[/.-](?:0?[1-9]|1[0-2])[/.-]{_FULL_YEAR}"
            rf"|{_FULL_YEAR}[/.-](?:0?[1-9]|1[0-2])[/.-](?:0?[1-9]|[12]\d|3[01])"
            rf"|{_DAY}(?:\sof)?[\s-]{{1,2}}{_MONTH},?[\s-]{{1,2}}{_FULL_YEAR}"
            rf"|{_MONTH}\s{{1,2}}{_DAY},?\s{{1,2}}{_FULL_YEAR})(?![\w/-])",
            re.IGNORECASE,
        ),
    ),
    (
        "date",
        re.compile(
            rf"(?:(?<=\bborn )|(?<=\bborn on )|(?<=\bdob )|(?<=\bdob: )|(?<=\bdob:)|(?<=\bd\.o\.b )"
            rf"|(?<=\bd\.o\.b\. )|(?<=\bd\.o\.b: )|(?<=\bd\.o\.b\.: )|(?<=\bof birth )"
            rf"|(?<=\bof birth: )|(?<=\bof birth is )|(?<=\bborn on the ))"
            rf"(?:{_DAY}[/. -](?:0?[1-9]|1[0-2])[/. -](?:{_FULL_YEAR}|\d{{2}})"
            rf"|(?:the\s)?{_DAY}(?:\sof)?[\s-]{{1,2}}{_MONTH}(?:,?[\s-]{{1,2}}(?:{_FULL_YEAR}|'?\d{{2}}))?)"
            rf"(?![\w/-])",
            re.IGNORECASE,
        ),
    ),
    # A leading 0 or +44, then nine or ten digits.
    (
        "phone",
        re.compile(
            r"(?<![\w+])(?:(?:\+|00)44[ .-]?(?:\(0\))?[ .-]?|\(0(?=\d{2,5}\))|0)"
            r"(?:\d[ .()-]{0,2}){8,9}\d(?!\w)"
        ),
    ),
    ("postcode", re.compile(r"\b(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{2}|GIR\s?0AA)\b")),
    # In small letters, "b5 1st" is a band and an ordinal.
    (
        "postcode",
        re.compile(
            r"\b[a-z]{1,2}\d[a-z\d]?\s?(?!\d(?:st|nd|rd|th))\d[abd-hjlnp-uw-z]{2}\b", re.IGNORECASE
        ),
    ),
    ("name", re.compile(rf"\b{_TITLE}{_NO_NAME}{_PARTICLES}{_WORD}(?:\s{_WORD}){{0,2}}")),
)


_PLACEHOLDER = re.compile(r"\[[a-z][a-z-]*-\d+\]")
_ADDRESSES = ("url", "email", "handle", "postcode")
#: Finds names: a text to the (start, end) of each.
Recogniser = Callable[[str], Iterable[tuple[int, int]]]
_LOG = ("response_id", "year", "kind", "placeholder", "found")
_KIND = re.compile(r"[a-z][a-z-]*")


def redact(text: str) -> str:
    """Redact patterned identifiers in a text, by regular expressions.

    Parameters
    ----------
    text : str
        What a respondent wrote.

    Returns
    -------
    str
        With ``[url]``, ``[email]``, ``[handle]``, ``[ni-number]``, ``[nhs-number]`` (only if its
        check digit is right), ``[date]`` (a whole one, of birth or else), ``[phone]`` (UK),
        ``[postcode]`` (UK) and ``[name]`` (capitalised words after a title) in their place. A
        second call changes nothing.

    See Also
    --------
    redact_responses : the same for a survey, with a deny-list, names, and numbered placeholders.

    Notes
    -----
    Names in running text, sites, teams and rare events are not found: a person must read every
    quote before it is published. The forms are those of the UK: National Insurance numbers after
    HMRC's manual NIM39110, NHS numbers by their modulus-11 check digit (NHS Data Dictionary).

    Examples
    --------
    >>> redact("Ask Dr Jones on 01632 960123 or a.jones@example.org about PHQ-9 scores")
    'Ask [name] on [phone] or [email] about PHQ-9 scores'
    """
    return _patterned(text, lambda kind, _: f"[{kind}]")


def redact_responses(
    responses: Responses,
    *,
    deny: Mapping[str, Sequence[str]] | str | Path | None = None,
    names: Recogniser | Literal["model"] | None = None,
    redact_text: bool = False,
) -> tuple[Responses, pd.DataFrame]:
    """Redact identifiers in a survey, with one placeholder for the same thing throughout.

    Parameters
    ----------
    responses : Responses
        The survey; it is not changed.
    deny : mapping of str to sequence of str, or path, optional
        Terms to replace, by kind: ``{"site": ["Elm House"], "manager": ["Jo Bloggs"]}``, or a file
        with the columns ``kind`` and ``term``. Case and runs of space do not matter; only whole
        words are replaced.
    names : {"model"} or callable, optional
        Finds names in running text: "model" as :func:`iapt_topics.survey.model_names` does, or a
        text to the (start, end) of each, for example by
        :func:`iapt_topics.survey.presidio_names`. Without it, names are found after a title alone.
    redact_text : bool, default False
        Whether the column ``text`` is replaced too, so that the embedded text is the redacted one.

    Returns
    -------
    redacted : Responses
        With a column ``redacted``: the text with placeholders such as ``[site-1]``, numbered within
        each kind in the order of the survey. It is what the report quotes.
    log : DataFrame
        A row for each replacement: ``response_id``, ``year``, ``kind``, ``placeholder``, ``found``.
        It undoes the redaction, so keep it apart from the results;
        :func:`iapt_topics.survey.count_redactions` counts it without what was found.

    Raises
    ------
    InputError
        If the deny-list is no such thing, a kind is not made of small letters, or the model of
        names is not installed.

    References
    ----------
    UK Data Service, Anonymising qualitative data: consistent replacements in [brackets], and a log
    of them kept apart.
    """
    denied = _denied(deny)
    find = model_names() if isinstance(names, str) else names
    given: dict[tuple[str, str], str] = {}
    per_kind: dict[str, int] = {}
    rows: list[tuple[str, int, str, str, str]] = []
    texts = []
    columns = (responses.table[c].tolist() for c in ("response_id", "year", "text"))
    for response_id, year, text in zip(*columns, strict=True):

        def place(kind: str, found: str, at: tuple[str, int] = (response_id, year)) -> str:
            key = (kind, " ".join(found.casefold().split()))
            if key not in given:
                per_kind[kind] = per_kind.get(kind, 0) + 1
                given[key] = f"[{kind}-{per_kind[kind]}]"
            rows.append((*at, kind, given[key], found))
            return given[key]

        for kind, pattern in denied:
            text = pattern.sub(lambda m, k=kind, p=place: p(k, m[0]), text)  # type: ignore[misc]
        if find is not None:
            taken = _shielded(text)
            for start, end in sorted(find(text), reverse=True):
                part = text[start:end]
                free = all(end <= first or last <= start for first, last in taken)
                if free and "[" not in part and "]" not in part:
                    text = text[:start] + place("name", part) + text[end:]
        texts.append(_patterned(text, place))
    table = responses.table.assign(
        redacted=pd.Series(texts, dtype="str", index=responses.table.index)
    )
    if redact_text:
        table = table.assign(text=table["redacted"])
    return replace(responses, table=table), pd.DataFrame(rows, columns=list(_LOG))


def count_redactions(log: pd.DataFrame) -> pd.DataFrame:
    """Count redactions by kind and year, without what was redacted.

    Parameters
    ----------
    log : DataFrame
        From :func:`iapt_topics.redact_responses`.

    Returns
    -------
    DataFrame
        ``kind``, ``year``, ``n`` (replacements), ``n_responses``, in order of kind and year.
    """
    require_columns(log, _LOG, "the redaction log")
    groups = log.groupby(["kind", "year"])["response_id"]
    return groups.agg(n="size", n_responses="nunique").reset_index()


def safe_texts(responses: Responses, response_ids: Sequence[str]) -> list[str]:
    """Text of responses as it may leave the process: redacted, whether or not the survey was."""
    column = "redacted" if "redacted" in responses.table.columns else "text"
    texts = responses.table.set_index("response_id")[column].reindex(list(response_ids))
    return [str(t) if column == "redacted" else redact(str(t)) for t in texts]


def redacted_part(text: str, redacted: str, start: int, end: int) -> str:
    """The part of a redacted text that stands for ``text[start:end]``; never other than redacted.

    A placeholder that stands for more than the part is in it whole.
    """
    if text == redacted:
        return text[start:end]
    places = SequenceMatcher(None, text, redacted, autojunk=False).get_opcodes()
    met = [p for p in places if p[1] < end and p[2] > start]
    if not met:
        return ""
    first, last = met[0], met[-1]
    begin = first[3] + (start - first[1] if first[0] == "equal" else 0)
    stop = last[4] - (last[2] - end if last[0] == "equal" else 0)
    return redacted[max(begin, first[3]) : stop]


def presidio_names(language: str = "en") -> Recogniser:
    """Make a recogniser of names by Presidio, for :func:`iapt_topics.redact_responses`.

    Parameters
    ----------
    language : str, default "en"
        Of the texts; its model must be installed, as Presidio's manual says.

    Returns
    -------
    callable
        A text to the (start, end) of each person's name.

    Raises
    ------
    InputError
        If Presidio is not installed.
    """
    try:
        from presidio_analyzer import AnalyzerEngine
    except ImportError:
        do = "Install it, with a model, as its manual says; or use names='model'."
        raise InputError("names", "needs the package presidio-analyzer", "none", do) from None
    engine = AnalyzerEngine(supported_languages=[language])

    def find(text: str) -> list[tuple[int, int]]:
        found = engine.analyze(text=text, language=language, entities=["PERSON"])
        return [(r.start, r.end) for r in found]

    return find


def _denied(
    deny: Mapping[str, Sequence[str]] | str | Path | None,
) -> list[tuple[str, re.Pattern[str]]]:
    """One pattern for each kind; the longest term is tried first."""
    if isinstance(deny, str | Path):
        table, _ = read_table(Path(deny), "deny-list")
        require_columns(table, ("kind", "term"), f"deny-list {Path(deny).name!r}")
        pairs = table[["kind", "term"]].apply(lambda c: c.str.strip())
        deny = {str(k): list(g["term"]) for k, g in pairs[pairs["term"] != ""].groupby("kind")}
    patterns = []
    for kind, terms in (deny or {}).items():
        require_names(terms, f"deny-list: terms of {kind!r}")
        if not _KIND.fullmatch(kind):
            do = "Use a word such as site, team or manager."
            raise InputError("deny-list: kinds", "must be lower-case letters", listed([kind]), do)
        words = sorted({" ".join(t.split()) for t in terms if t.strip()}, key=len, reverse=True)
        if words:
            either = "|".join(r"\s+".join(map(re.escape, w.split())) for w in words)
            patterns.append((kind, re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)))
    return patterns


def _patterned(text: str, place: Callable[[str, str], str]) -> str:
    """Replace what the patterns find by what ``place`` gives for its kind and wording."""

    def found(match: re.Match[str], kind: str) -> str:
        is_other = kind == "nhs-number" and not _is_nhs_number(match[0])
        return match[0] if is_other else place(kind, match[0])

    before = None
    # What is replaced can lay bare what stood beside it. Each round leaves less to replace.
    while text != before:
        before = text
        for kind, pattern in _PATTERNS:
            text = pattern.sub(partial(found, kind=kind), text)
    return text


def _shielded(text: str) -> list[tuple[int, int]]:
    """Where placeholders stand, and addresses that would be found no more if a part were gone."""
    patterns = [_PLACEHOLDER, *(p for k, p in _PATTERNS if k in _ADDRESSES)]
    return [match.span() for pattern in patterns for match in pattern.finditer(text)]


def _is_nhs_number(text: str) -> bool:
    """Check the last of ten digits by the modulus-11 rule of the NHS number."""
    digits = [int(c) for c in text if c.isdecimal()]
    check = 11 - sum(d * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return digits[9] == (0 if check == 11 else check)
