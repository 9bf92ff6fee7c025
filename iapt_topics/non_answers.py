"""Texts that answer nothing: rules that a person can read, matched against the whole text.

The rules are this library's own and lean towards keeping: "No, because ...", "No support" and one
word such as "workload" are answers. An answer wrongly kept is seen by a reader of the topics; one
wrongly set aside is seen only in the ledger. Whether "none" answers a question depends on the
question ("What support do you get?"); the rules do not know it, so such rows stay in the table
under their own status.
"""

from __future__ import annotations

import re
import unicodedata

#: Name and pattern. Each must match the whole text, after case, runs of space and whatever stands
#: before the first or after the last letter or digit are folded away.
RULES: tuple[tuple[str, str], ...] = (
    # "No", "none", "nil", "no thanks", "no, not really"
    ("no", r"(no|nope|none|nil|nothing|nowt|null|nan)(,? (thanks?|thank you|not really))?"),
    # "N/A", "na", "n.a", "not applicable to me"
    ("not applicable", r"n ?[/.\\]? ?a|(this is )?not applicable( to me)?"),
    # "Nothing to add", "no further comments", "I have no comment at this time"
    (
        "nothing to add",
        r"(i have |i've )?(nothing|no|none)( (else|more|further|other|additional))?"
        r" (to (add|say|report|comment( on)?)|comments?|remarks?)"
        r"( (at (this|the) (time|moment|present)|really|thanks?|thank you))?",
    ),
    # "Nothing else", "nothing in particular", "none really"
    (
        "nothing else",
        r"(nothing|none) (else|more|further|other|in particular|specific|really"
        r"|at all|at (this|the) (time|moment|present))",
    ),
    # "See above", "as before", "same as previous answer", "please see my previous response"
    (
        "see above",
        r"((please )?(see|refer to)|same as|same|as per|as)( my| the)?"
        r" (above|before|previous(ly)?|earlier|last)( (mentioned|stated|said))?"
        r"( (answers?|responses?|comments?|questions?|one))?",
    ),
    # "Ditto", "same", "same answer"
    ("ditto", r"ditto|same|same (answer|again)"),
    # "Don't know", "I do not know", "dk", "not sure"
    (
        "don't know",
        r"(i )?(really )?(don'?t|do not) (really )?know|dk|idk|dunno|(i'?m )?(unsure|not sure)",
    ),
    # "Prefer not to say"
    ("prefer not", r"(i )?((would|'d) )?(prefer|rather) not( to)?( say| answer)?"),
    # "x", "xxxx", "111": one key, held down
    ("one key", r"[a-z]|xx|([a-z0-9])\1{2,}"),
    # "asdf", "qwerty", "blah blah"
    ("keys in a row", r"asdf[asdfghjkl]*|qwert[qwertyuiop]*|blah( blah)*"),
)
# Compiled one by one: \1 is then the group of its own rule. None nests one repeat in another.
_RULES = tuple(re.compile(rule) for _, rule in RULES)


def is_non_answer(text: str) -> bool:
    """Say whether a text answers nothing.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        True if one of :data:`RULES` matches the whole text, or it is empty or only punctuation
        such as "-" or "?". A pictogram is an answer.

    Examples
    --------
    >>> [is_non_answer(t) for t in ("N/A", "see above.", "?", "No, because of targets", "workload")]
    [True, True, True, False, False]
    """
    folded = " ".join(text.casefold().replace("\u2019", "'").split())
    if not any(c.isalnum() for c in folded):
        return not any(unicodedata.category(c) == "So" for c in folded)
    start = next(i for i, c in enumerate(folded) if c.isalnum())
    end = next(i for i in range(len(folded), 0, -1) if folded[i - 1].isalnum())
    return any(rule.fullmatch(folded, start, end) for rule in _RULES)
