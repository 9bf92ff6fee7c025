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
    """A rule of statistical disclosure control: smallest base, smallest cell, rounding, noise.

    Parameters
    ----------
    name : str, default "default"
        What the rule is called.
    min_base : int, default 10
        Smallest base: nothing is shown of a group of fewer respondents, and no word that fewer
        used. Respondents are counted, not responses.
    min_cell : int, default 5
        Smallest cell: a figure that rests on fewer respondents is suppressed. 1 suppresses nothing,
        and every output then says so.
    round_to : int, default 3
        Counts are rounded to a multiple of this, and percentages worked out from the rounded
        counts; 1 leaves them as they are.
    percent_base : int, default 10
        Fewest responses that a percentage is worked out of.
    show_zero : bool, default False
        Whether a true zero is shown as 0. Otherwise it is shown as every cell below ``min_cell``
        is: "0 to 4".
    noise : int, default 0
        The most by which a count is changed at random, in place of rounding and of the suppression
        of small cells (cell-key method, :mod:`iapt_topics.publish.noise`); 0 for none. Other
        numbers are rounded.

    Raises
    ------
    InputError
        If a number is not whole or too small.

    Examples
    --------
    >>> rule = Disclosure()
    >>> rule.is_small(4), rule.is_small(5), rule.is_small(0)
    (True, False, False)
    >>> [rule.rounded(n) for n in (0, 5, 13, 1543)]
    [0, 6, 12, 1542]
    """

    name: str = "default"
    min_base: int = 10
    min_cell: int = 5
    round_to: int = 3
    percent_base: int = 10
    show_zero: bool = False
    noise: int = 0

    def __post_init__(self) -> None:
        for what in ("min_base", "min_cell", "round_to", "percent_base"):
            value = getattr(self, what)
            if value < 1:
                do = "Use 10, or the number of your rule."
                raise InputError(f"`{what}` of Disclosure", "must be at least 1", str(value), do)
        if self.noise < 0:
            do = "Use 3, or 0 for none."
            raise InputError("`noise` of Disclosure", "must be at least 0", str(self.noise), do)

    @property
    def is_off(self) -> bool:
        """Whether nothing is suppressed."""
        return self.min_cell == 1 and not self.noise

    @property
    def sentence(self) -> str:
        """The rule in a sentence, as every output states it."""
        if self.is_off:
            return "STATISTICAL DISCLOSURE CONTROL IS OFF: small numbers are shown. Do not publish."
        rounding = f" Counts are rounded to {self.round_to}." if self.round_to > 1 else ""
        if self.noise:
            cells = (
                f"Each count is changed at random by up to {self.noise} (cell-key method); counts "
                "do not add up"
            )
            rounding = ""
        elif self.show_zero:
            cells = (
                f"Figures that rest on fewer than {self.min_cell} respondents are suppressed "
                "([c]), and so is any figure from which they could be derived"
            )
        else:
            cells = (
                f"Numbers from {self.few} are not distinguished, and figures from which a smaller "
                "number could be derived are suppressed ([c])"
            )
        if self.min_base > self.min_cell or self.noise:
            base = f" Nothing is shown of a group of fewer than {self.min_base} respondents."
        else:
            base = ""
        percent = (
            f" No percentage has a base of fewer than {self.percent_base} responses."
            if self.percent_base > self.min_base
            else ""
        )
        return f"{cells}.{rounding}{base}{percent} Rule: {self.name}."

    @property
    def too_small(self) -> str:
        """The note on a percentage whose base is too small."""
        return f"base of fewer than {self.percent_base} responses"

    @property
    def few(self) -> str:
        """The note on a count below the smallest cell, where zeros are not distinguished."""
        return f"{self.few_count} respondents"

    @property
    def few_count(self) -> str:
        """The same as a cell of a table."""
        return f"0 to {self.min_cell - 1}"

    def is_small(self, respondents: float) -> bool:
        """Test whether a count of respondents is above 0 and below the smallest cell.

        Parameters
        ----------
        respondents : float
            How many a figure rests on.

        Returns
        -------
        bool
            True for a figure to be suppressed.
        """
        return 0 < respondents < self.min_cell

    def is_small_base(self, respondents: float) -> bool:
        """Test whether a group is of too few respondents for anything to be said of it.

        Parameters
        ----------
        respondents : float
            How many there are.

        Returns
        -------
        bool
            True for a group to be suppressed.
        """
        return 0 < respondents < self.min_base

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


def at_least(least: int, name: str, round_to: int, percent_base: int = 30) -> Disclosure:
    """A rule of one smallest number, for bases and cells alike, under which zeros are shown."""
    return Disclosure(
        name=name, min_base=least, min_cell=least, round_to=round_to, percent_base=percent_base,
        show_zero=True,
    )  # fmt: skip


#: Nothing is suppressed or rounded, and a percentage is given out of any number.
EXACT = at_least(1, "off", 1, 1)
DEFAULT = Disclosure()
STRICT = at_least(10, "strict", 5)
#: Rules by name. The sources, and what is known of each, are in docs/disclosure.md.
PRESETS = {
    rule.name: rule
    for rule in (
        DEFAULT,
        STRICT,
        Disclosure(name="noise", min_cell=1, show_zero=True, noise=3),
        Disclosure(name="ons_10_5", min_cell=10, round_to=5),
        at_least(8, "hes", 5),
        at_least(5, "min5", 1),
        at_least(10, "min10", 1),
        at_least(11, "min11", 1),
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
        return at_least(1, "off", 1)
    if disclosure == STRICT.min_cell:
        return STRICT
    return at_least(disclosure, f"at least {disclosure} respondents", 5)


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
