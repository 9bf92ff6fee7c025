"""Texts that answer nothing: rules that a person can read, matched against the whole text."""

from __future__ import annotations

import re

#: Each rule must match the whole text, after case, outer punctuation and runs of space are folded.
#: "No, because ..." and one word such as "workload" are answers.
RULES: tuple[tuple[str, str], ...] = (
    ("no words", r"[\W\d_]*"),
    ("no", r"(no|nope|none|nil|nothing|nowt|na|n/?a|n\.a\.?|n a|null|nan)( thanks?| thank you)?"),
    ("not applicable", r"(this is )?not applicable( to me)?"),
    (
        "nothing to add",
        r"(i have )?(nothing|no|none)( (else|more|further|other|additional))?"
        r"( (to (add|say|report|comment( on)?)|comments?|thoughts|remarks|answer|response))"
        r"( at (this|the) (time|moment|present)| really| thanks?| thank you)?",
    ),
    ("nothing else", r"(nothing|none|no) (else|more|further|other|in particular|specific|really)"),
    (
        "see above",
        r"((please )?(see|refer to)( (my|the))?|as|same( as)?|ditto)( (my|the))?"
        r"( (above|before|previous(ly)?|earlier|last))+"
        r"( (answer|response|comment|question|mentioned|stated|said|one))*",
    ),
    ("ditto", r"ditto|same|same answer|same again|as per (above|previous)"),
    ("don't know", r"(i )?(really )?(do ?n[o']?t|dont|don't) know|dk|idk|dunno|unsure|not sure|no idea"),
    ("prefer not", r"(i )?(would )?(prefer|rather) not( to)?( say| answer)?"),
    ("one key", r"(\w)\2{2,}"),
    ("keys in a row", r"(asdf\w*|qwert\w*|test|testing|xyz|abc|blah( blah)*)"),
)
_RULES = tuple(re.compile(f"(?:{rule})") for name, rule in RULES if name != "one key")
_ONE_KEY = re.compile(r"(\w)\1{2,}")
_LONGEST = 80


def is_non_answer(text: str) -> bool:
    """Say whether a text answers nothing.

    Parameters
    ----------
    text : str

    Returns
    -------
    bool
        False for anything longer than 80 characters: people who write that much say something.

    Examples
    --------
    >>> [is_non_answer(t) for t in ("N/A", "see above.", "?", "No, because of targets", "workload")]
    [True, True, True, False, False]
    """
    if len(text) > _LONGEST and re.search(r"\w", text):
        return False
    folded = " ".join(text.casefold().replace("\u2019", "'").split())
    plain = re.sub(r"^[\W_]+|[\W_]+$", "", folded)
    return any(rule.fullmatch(plain) for rule in _RULES) or bool(_ONE_KEY.fullmatch(plain))
