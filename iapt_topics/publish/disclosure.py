"""The rule by which small numbers are kept out of everything that is to be published."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError, listed, suggestion

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

_TOKEN = re.compile(r"(?u)\b\w\w+\b")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Disclosure(Checked):
    """A rule of statistical disclosure control: minimum counts, rounding and minimum base.

    Parameters
    ----------
    name : str, default "default"
        What the rule is called.
    min_respondents : int, default 10
        A figure, a word or a quote that rests on fewer respondents is suppressed. Respondents are
        counted, not responses. 1 suppresses nothing, and every output then says so.
    round_to : int, default 5
        Counts are rounded to a multiple of this, and percentages worked out from the rounded
        counts; 1 leaves them as they are.
    min_base : int, default 30
        Fewest responses that a percentage is worked out of.

    Raises
    ------
    InputError
        If a number is not whole or below 1.

    Examples
    --------
    >>> rule = Disclosure()
    >>> rule.is_small(9), rule.is_small(10), rule.is_small(0)
    (True, False, False)
    >>> [rule.rounded(n) for n in (0, 12, 13, 1543)]
    [0, 10, 15, 1545]
    """

    name: str = "default"
    min_respondents: int = 10
    round_to: int = 5
    min_base: int = 30

    def __post_init__(self) -> None:
        for what in ("min_respondents", "round_to", "min_base"):
            value = getattr(self, what)
            if value < 1:
                do = "Use 10, or the number of your rule."
                raise InputError(f"`{what}` of Disclosure", "must be at least 1", str(value), do)

    @property
    def sentence(self) -> str:
        """The rule in a sentence, as every output states it."""
        if self.min_respondents == 1:
            return "STATISTICAL DISCLOSURE CONTROL IS OFF: small numbers are shown. Do not publish."
        rounding = f" Counts are rounded to {self.round_to}." if self.round_to > 1 else ""
        return (
            f"Figures that rest on fewer than {self.min_respondents} respondents are suppressed "
            f"([c]), and so is any figure from which they could be derived.{rounding} No "
            f"percentage has a base of fewer than {self.min_base} responses. Rule: {self.name}."
        )

    @property
    def too_small(self) -> str:
        """The note on a percentage whose base is too small."""
        return f"base of fewer than {self.min_base} responses"

    def is_small(self, respondents: float) -> bool:
        """Test whether a count of respondents is above 0 and below the minimum.

        Parameters
        ----------
        respondents : float
            How many a figure rests on.

        Returns
        -------
        bool
            True for a figure to be suppressed.
        """
        return 0 < respondents < self.min_respondents

    def rounded(self, count: float) -> int:
        """Round a count to the rule's multiple, halves up.

        Parameters
        ----------
        count : float
            At least 0.

        Returns
        -------
        int
            A multiple of ``round_to``.
        """
        return int((count + self.round_to / 2) // self.round_to * self.round_to)


#: Nothing is suppressed or rounded, and a percentage is given out of any number.
EXACT = Disclosure(name="off", min_respondents=1, round_to=1, min_base=1)
#: Rules by name. The sources, and what is known of each, are in docs/disclosure.md.
PRESETS = {
    rule.name: rule
    for rule in (
        Disclosure(),
        Disclosure(name="nhs_staff_survey", min_respondents=11, round_to=1),
        Disclosure(name="hes", min_respondents=8, round_to=5),
        Disclosure(name="ons", min_respondents=10, round_to=1),
        Disclosure(name="min5", min_respondents=5, round_to=1),
    )
}


def preset(name: str) -> Disclosure:
    """Return the rule of that name, or raise :class:`InputError`."""
    if name not in PRESETS:
        raise InputError(
            "disclosure", f"must be one of {listed(PRESETS)}", repr(name),
            f"{suggestion(name, list(PRESETS))}Or give the numbers of your rule.",
        )  # fmt: skip
    return PRESETS[name]


def parse_rule(disclosure: int | str | Disclosure) -> Disclosure:
    """The rule of that name or fewest number of respondents; 1 turns disclosure control off."""
    if isinstance(disclosure, Disclosure):
        return disclosure
    if isinstance(disclosure, str):
        return preset(disclosure)
    if isinstance(disclosure, bool) or not isinstance(disclosure, int) or disclosure < 1:
        do = "Use 10, or the number of your rule."
        raise InputError("disclosure", "must be a whole number of 1 or more", repr(disclosure), do)
    if disclosure == 1:
        return Disclosure(name="off", min_respondents=1, round_to=1)
    if disclosure == Disclosure().min_respondents:
        return Disclosure()
    return Disclosure(name=f"at least {disclosure} respondents", min_respondents=disclosure)


def word_users(responses: Responses) -> dict[str, set[object]]:
    """Who used each word: lower-case word to the people whose kept responses have it."""
    users: dict[str, set[object]] = defaultdict(set)
    for text, person in zip(responses.kept["text"], responses.cluster_id, strict=True):
        for word in set(_TOKEN.findall(str(text).lower())):
            users[word].add(person)
    return users


def common_words(
    words: Iterable[str], users: Mapping[str, set[object]], least: int
) -> tuple[str, ...]:
    """Leave out words and phrases that fewer than ``least`` people used."""
    kept = []
    for phrase in (w.strip() for w in words):
        sets = [users.get(w, set()) for w in _TOKEN.findall(phrase.lower())]
        if sets and len(set.intersection(*sets)) >= least:
            kept.append(phrase)
    return tuple(kept)
