"""The field's acronyms, which a general sentence model takes for other things or for nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

#: What may follow an acronym in running text: DNAs, DNA's, DNA'd.
_ENDING = r"(?:s|'s|\u2019s|'d|\u2019d)?"


def find_acronym_faults(acronyms: Iterable[str]) -> list[str]:
    """Say what is wrong with a list of acronyms, each fault in words."""
    faults, known = [], set[str]()
    for entry in acronyms:
        short, _, meaning = (part.strip() for part in entry.partition("="))
        if not re.fullmatch(r"\w(?:[\w&/.-]*\w)?", short) or not meaning or not entry.isprintable():
            faults.append(f"the acronym {entry!r} is not of the form 'DNA = did not attend'")
        elif short in known:
            faults.append(f"the acronym {short!r} is there twice")
        known.add(short)
    return faults


def expand_acronyms(acronyms: Iterable[str]) -> Callable[[str], str]:
    """Make a function that writes the meaning of each acronym behind it.

    Parameters
    ----------
    acronyms : iterable of str
        Of a :class:`iapt_topics.ThemeFrame`.

    Returns
    -------
    function of str to str
        "3 DNAs today" becomes "3 DNAs (did not attend) today". Letters are taken as they stand:
        "hit" is not "HIT".
    """
    meaning = {}
    for entry in acronyms:
        short, _, said = entry.partition("=")
        meaning[short.strip()] = said.strip()
    if not meaning:
        return str
    longest = sorted(meaning, key=len, reverse=True)
    found = re.compile(rf"\b({'|'.join(map(re.escape, longest))}){_ENDING}(?!\w)")
    return lambda text: found.sub(lambda m: f"{m[0]} ({meaning[m[1]]})", text)
