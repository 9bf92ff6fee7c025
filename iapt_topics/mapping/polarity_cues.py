"""Cues of English by which a sentence's polarity is read: negation, past, possible, of others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

#: Least share of words that are among English's commonest: of all coded text, and of one of
#: eight words or more.
LEAST_ENGLISH, LEAST_ENGLISH_OF_ONE, ENOUGH_WORDS = 0.2, 0.1, 8
_BREAK = re.compile(
    r"\s*(?:[,;:()?!]|\.(?=\s|$)|\s-\s|\u2013|\u2014)\s*"
    r"|\s+(?:but|because|although|though|however|whereas|while|so that|which|since|until|till|yet)"
    r"\s+"
    r"|\s+(?=(?:without|with no|with hardly any)\b)"
    r"|\s+(?:and|or|so)\s+(?=(?:i|we|they|he|she|it|there|this|that|my|our|the|you|never|not|no"
    r"|nothing|nobody|am|is|are|was|were|have|has|had|do|does|did|can|will|would|feel|so)\b)"
)
#: Where a sentence about what was may turn to what is, and what tells that it does.
_THEN = re.compile(r"[.;:!]\s+|,\s+|\s+(?:and|but|then|while|whereas)\s+")
_PRESENT = re.compile(r"\b(?:am|is|are|has|have|do|does|now|today|nowadays)\b")
_PAST_VERB = re.compile(
    r"\b(?:was|were|had|did|\w{3,}ed|went|felt|got|came|took|made|gave|kept|thought|knew)\b"
)
_POSSIBLE = re.compile(
    r"\b(?:would|could|may|might|should|if|perhaps|maybe|wish|hope|imagine|suppose)\b"
)
_FULL_STOP = re.compile(r"[.;!?](?:\s|$)")
_PRONOUN = re.compile(r"(?:(?:all|and|but|of|so) )*(?:it|that|they|this|those|these|he|she)?$")


class Clause(NamedTuple):
    """A clause, or several without a negation: affirmed, and -1 if its negation turns it round."""

    text: str
    affirmed: str
    sign: int
    denies: bool


def plain(text: str) -> str:
    """A text in small letters, its contractions written out."""
    text = re.sub("[\u2018\u2019`\u00b4]", "'", text.casefold().replace("\x00", " "))
    text = re.sub(r"\bn't\b|n't\b", "nt", text)
    text = re.sub(r"\b(i|you|we|they|he|she|it|there|that|who)'d\b", r"\1 would", text)
    text = re.sub(r"(\w)'(?:m)\b", r"\1 am", text)
    text = re.sub(r"(\w)'re\b", r"\1 are", text)
    text = re.sub(r"(\w)'ve\b", r"\1 have", text)
    text = re.sub(r"(\w)'ll\b", r"\1 will", text)
    text = re.sub(r"\b(it|that|there|here|what|who|he|she|mine|all|nothing)'s\b", r"\1 is", text)
    for cue, written in load_cues().contractions:
        text = cue.sub(written, text)
    # "Burnt out? No." is "not burnt out".
    text = re.sub(rf"^([^?.!]+)\?\s*{load_cues().answers_no}\b", r"not \1,", text)
    return " ".join(text.split())


def are_english(texts: Sequence[str]) -> list[bool]:
    """Whether each text is English: by the commonest words, in all of them and in each."""
    common = load_cues().english
    words = [re.findall(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?", t.casefold()) for t in texts]
    shares = [sum(w in common for w in ws) / max(len(ws), 1) for ws in words]
    total = sum(map(len, words))
    own = sum(s * len(ws) for s, ws in zip(shares, words, strict=True)) / max(total, 1)
    return [
        own >= LEAST_ENGLISH and (len(ws) < ENOUGH_WORDS or s >= LEAST_ENGLISH_OF_ONE)
        for s, ws in zip(shares, words, strict=True)
    ]


def affirm(clause: str) -> tuple[str, int, int]:
    """A clause without its negations; -1 if their number is odd, else 1; and their number."""
    cues = load_cues()
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match.group(0))
        return f"\x00{len(kept) - 1}\x00"

    text, n = cues.pseudo_negation.sub(hold, clause), 0
    for cue, instead in cues.negation:
        text, found = cue.subn(instead, text)
        n += found
    text = re.sub("\x00(\\d+)\x00", lambda m: kept[int(m.group(1))], text)
    return " ".join(text.split()) or clause, (-1) ** n, n


def cut(text: str) -> list[Clause]:
    """The clauses of a plain text; those in a row without a negation stay together."""
    cues = load_cues()
    out: list[Clause] = []
    joined = True
    start = 0
    breaks = [*_BREAK.finditer(text), None]
    for found in breaks:
        clause = text[start : found.start() if found else len(text)].strip()
        begins, start = start, found.end() if found else len(text)
        if not clause:
            continue
        affirmed, sign, n = affirm(clause)
        denies = n == 1 and bool(cues.denial.match(clause)) and not cues.no_denial.search(clause)
        if n == 0 and out and joined:
            whole = text[text.rindex(out[-1].text, 0, begins) : begins] + clause
            out[-1] = Clause(whole, whole, 1, False)
        else:
            out.append(Clause(clause, affirmed, sign, denies))
        joined = n == 0
    return out or [Clause(text, text, 1, False)]


class Past(NamedTuple):
    """What is said to have been or to be over, affirmed, and its sign; "" for "it".

    ``now`` is what is said of the present beside it, where that alone can tell whether it is over.
    """

    text: str
    sign: int
    now: str
    now_sign: int


def past_parts(text: str) -> list[Past]:
    """Every part of a plain text that may tell of what is over."""
    cues = load_cues()
    found = []
    for match in cues.ended.finditer(text):
        before = re.split(r"[,;:.!?]|\b(?:but|and|because|so)\b", text[: match.start()])[-1].strip()
        found.append("" if _PRONOUN.fullmatch(before) else before)
    for match in cues.past.finditer(text):
        rest = re.split(r"[;:.!?]|\bbut\b", text[match.end() :])[0]
        begins = re.split(r"[,;:.!?]|\bbut\b", text[: match.start()])[-1]
        found.append(f"{begins.strip()} {rest.strip(' ,')}".strip())
    if (turn := cues.turn.search(text)) and cues.was.search(text, 0, turn.start()):
        found.append(text[: turn.start()].strip(" ,;."))
    out = [Past(*(affirm(part)[:2] if part else ("", 1)), "", 1) for part in found]
    for match in _THEN.finditer(text):
        before, after = text[: match.start()], text[match.end() :]
        if cues.was.search(before) and not _PRESENT.search(before) and _PRESENT.search(after):
            out.append(Past(*affirm(before)[:2], *affirm(after)[:2]))
            break
    first = _FULL_STOP.split(text)[0]
    if cues.told_in_past.match(first) and not _PRESENT.search(first):
        out.append(Past(*affirm(first)[:2], "", 1))
    return out


def last_part(text: str) -> tuple[str, int]:
    """The last part of a plain text of several, affirmed, and its sign; "" if there is one part."""
    parts = [p for p in re.split(r"[.;:!?]\s+|,?\s+but\s+", text) if len(p.split()) > 1]
    return affirm(parts[-1])[:2] if len(parts) > 1 else ("", 1)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Cues:
    """What ``polarity_cues.toml`` has, ready to be looked for in plain text."""

    english: frozenset[str]
    contractions: list[tuple[re.Pattern[str], str]]
    pseudo_negation: re.Pattern[str]
    negation: list[tuple[re.Pattern[str], str]]
    denial: re.Pattern[str]
    no_denial: re.Pattern[str]
    ended: re.Pattern[str]
    past: re.Pattern[str]
    was: re.Pattern[str]
    turn: re.Pattern[str]
    told_in_past: re.Pattern[str]
    hypothetical: re.Pattern[str]
    no_hypothetical: re.Pattern[str]
    speech: re.Pattern[str]
    someone: re.Pattern[str]
    others: re.Pattern[str]
    subject: re.Pattern[str]
    oneself_too: re.Pattern[str]
    oneself_not: re.Pattern[str]
    goes_on: re.Pattern[str]
    answers_no: str
    pairs: list[tuple[str, str]]
    neutral: list[str]

    def weak_signs(self, text: str) -> int:
        """How many of two hold: the first part is all in the past; it may be only possible."""
        first = _FULL_STOP.split(text)[0]
        past = _PAST_VERB.search(first) and not _PRESENT.search(first)
        return bool(past) + bool(_POSSIBLE.search(text))

    def status(self, text: str) -> str:
        """Whether a plain text is hypothetical or of others: "" if neither."""
        if self.oneself_too.search(text):
            return ""
        if self.hypothetical.search(self.no_hypothetical.sub(" ", text)):
            return "hypothetical"
        apart = self.oneself_not.search(text)
        for match in self.speech.finditer(text):
            # "My partner says I bring it home" is said of oneself.
            if apart or not re.match(r" (?:that )?(?:i|we|me|us)\b", text[match.end() :]):
                return "others"
        if self.others.search(text) or (apart and self.someone.match(text)):
            return "others"
        return ""


@lru_cache(maxsize=1)
def load_cues() -> Cues:
    """The cues that come with the package."""
    read = tomllib.loads(Path(__file__).with_name("polarity_cues.toml").read_text("utf-8"))

    def cue(*patterns: str) -> re.Pattern[str]:
        return re.compile(rf"\b(?:{'|'.join(patterns)})(?!\w)")

    def replaced(name: str) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(rf"\b(?:{old})\b"), new) for old, new in read[name]]

    several = (
        "pseudo_negation", "no_denial", "past", "hypothetical", "no_hypothetical", "others",
        "oneself_too", "oneself_not",
    )  # fmt: skip
    one = ("denial", "ended", "was", "turn", "goes_on", "subject")
    return Cues(
        english=frozenset(read["english"].split()),
        contractions=replaced("contractions"),
        negation=replaced("negation"),
        speech=cue(rf"{read['who']}(?: \w+){{0,5}}? {read['say']}"),
        # Within its first words, before another clause begins.
        told_in_past=cue(rf"(?:(?!who |that |which |when |if |than )\w+ ){{1,5}}?{read['told']}"),
        someone=cue(read["who"]),
        pairs=[tuple(p) for p in read["tone"]["pairs"]],
        neutral=read["tone"]["neutral"],
        answers_no=read["answers_no"],
        **{name: cue(*read[name]) for name in several},
        **{name: cue(read[name]) for name in one},
    )
