"""Turn results into plain rows of text for the report: pure functions, nothing read or written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from iapt_topics._base.status import FELL, FEW, NO_CHANGE, ROSE, SIGNIFICANT, SMALL_BASE, UNCHECKED
from iapt_topics._base.text import clean
from iapt_topics.publish.wording import DASH as DASH
from iapt_topics.publish.wording import coefficient as coefficient
from iapt_topics.publish.wording import known as known
from iapt_topics.publish.wording import p_value as p_value
from iapt_topics.publish.wording import points as points

NBSP = "\u00a0"
#: A suppressed figure.
SUPPRESSED_CELL = "[c]"
STATUS_WORDS = {
    "PAPER": "PAPER: named in the paper's published abstract",
    "PART": "PART: the abstract names the idea; this library decided its boundary",
    "INFERRED": "INFERRED: from other literature, not from the paper",
    "USER": "USER: written by the user of the library",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table ready to print: the first cell of each row is its heading.

    ``links`` are ids in the page that the rows' headings lead to; ``choices``, columns whose values
    (several, if parted by "; ") can be picked from a list.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    links: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()


def percent(share: Any) -> str:
    """Write a share as a percentage: without decimals, with one below 1 %.

    Examples
    --------
    >>> percent(0.1234).replace(NBSP, " "), percent(0.004).replace(NBSP, " ")
    ('12 %', '0.4 %')
    """
    if not known(share):
        return DASH
    value = 100 * float(share)
    return f"{value:.1f}{NBSP}%" if 0 < abs(value) < 0.95 else f"{value:.0f}{NBSP}%"


def interval(low: Any, high: Any, how: Callable[[Any], str] = percent) -> str:
    """``"12 % to 19 %"``, or a dash when it is not known."""
    return f"{how(low)} to {how(high)}" if known(low) and known(high) else DASH


def whole_points(difference: Any) -> str:
    """Write a difference of shares in whole percentage points, with its sign."""
    return points(difference).removesuffix(".0")


def one_decimal(value: Any) -> str:
    """One decimal, or a dash."""
    return f"{float(value):.1f}" if known(value) else DASH


def count(n: Any) -> str:
    """A published count, or "[c]" for a suppressed one."""
    return f"{int(n):,}" if known(n) else SUPPRESSED_CELL


def few_cell(row: Mapping[Any, Any]) -> str:
    """A cell for a figure of few respondents, as its note tells how few: "0 to 4"."""
    return str(row["note"]).removesuffix(" respondents")


def label_of(labels: Mapping[str, str], theme: object) -> str:
    """Label of a theme or domain, or the id itself if the frame does not have it."""
    return labels.get(str(theme), clean(theme))


def anchor(theme: object) -> str:
    """Id in the page of the section on a theme.

    Examples
    --------
    >>> anchor("pay & rank")
    'theme-pay%20%26%20rank'
    """
    return f"theme-{quote(str(theme), safe='')}"


def is_significant(change: Mapping[Any, Any]) -> bool:
    """Whether a change was found: significant, and not by the machine's codes alone."""
    return change["finding"] in (ROSE, FELL)


def direction(row: Mapping[Any, Any]) -> str:
    """Whether a theme rose or fell, if that was found."""
    if row["finding"] == UNCHECKED and known(row["p_bh"]) and float(row["p_bh"]) < SIGNIFICANT:
        way = "more" if row["estimate"] > 0 else "less"
        return f"{UNCHECKED} ({way} by machine codes)"
    return str(row["finding"])


def verdict(row: Mapping[Any, Any]) -> str:
    """The result for a change in words; if not significant, with the minimum detectable change."""
    words, least = direction(row), row["smallest_detectable"]
    if row["finding"] != NO_CHANGE:
        return words
    known_least = f"{100 * float(least):.1f} points" if known(least) else "not estimable"
    return f"{words} (minimum detectable: {known_least})"


def why_missing(row: Mapping[Any, Any]) -> str:
    """Why a figure is missing, from its status and note."""
    return str(row["note"] if row["status"] in (SMALL_BASE, FEW) else row["status"])


def format_integer(value: Any, missing: str = DASH) -> str:
    """A whole number, or what stands for one that is missing."""
    return f"{int(value):,}" if known(value) else missing
