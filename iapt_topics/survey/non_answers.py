"""Texts that answer nothing: rules in a file that a person can read and change."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.files import read_toml


class Rule(NamedTuple):
    """A rule: its name, what it matches, and the questions that such a text does answer."""

    name: str
    pattern: re.Pattern[str]
    answers: re.Pattern[str] | None = None


#: Rules in the order they are tried.
Rules = tuple[Rule, ...]
#: Not "/", which parts words as in "n / a".
_BESIDE_SPACE = re.compile(r"[^\w\s/\u2600-\U0001ffff]+(?=\s)|(?<=\s)[^\w\s/'\u2600-\U0001ffff]+")
_LONGEST = 200  # a longer text says something, be it only by its length


def read_rules(path: str | Path | None = None) -> Rules:
    """Read the rules for texts that answer nothing.

    Parameters
    ----------
    path : path, optional
        A TOML file with a ``[[rule]]`` for each rule: ``name``, ``pattern``, ``examples`` and, if
        wanted, ``answers``. By default the bundled ``non_answers.toml``, which says how a rule is
        written.

    Returns
    -------
    tuple of Rule

    Raises
    ------
    InputError
        If the file is no such file, a pattern is no regular expression, or a rule does not match
        its own examples.
    """
    return _bundled() if path is None else _rules(Path(path))


def matched_rule(text: str, rules: Rules | None = None, question: str = "") -> str:
    """Name the rule by which a text answers nothing.

    Parameters
    ----------
    text : str
    rules : from :func:`read_rules`, optional
        The bundled ones by default.
    question : str, default ""
        The question, or the name of its column; "Nothing" answers "What would help?".

    Returns
    -------
    str
        Name of the first rule that matches the whole text; "only marks" if it is empty or only
        punctuation such as "-" or "?"; "" if it is an answer. A pictogram is an answer.

    Examples
    --------
    >>> [matched_rule(t) for t in ("N/A", "see above.", "?", "No, because of targets", "workload")]
    ['not applicable', 'see above', 'only marks', '', '']
    """
    folded = " ".join(text.casefold().replace("\u2019", "'").split())
    if len(folded) <= 2 * _LONGEST and any(map(str.isalnum, folded)):
        folded = " ".join(_BESIDE_SPACE.sub("", folded).split())
    start = next((i for i, c in enumerate(folded) if c.isalnum()), None)
    if start is None:
        return "" if any(unicodedata.category(c) == "So" for c in folded) else "only marks"
    end = next(i for i in range(len(folded), 0, -1) if folded[i - 1].isalnum())
    rules = _bundled() if rules is None else rules
    for rule in rules if end - start <= _LONGEST else ():
        if rule.pattern.fullmatch(folded, start, end):
            asked = " ".join(question.casefold().replace("_", " ").split())
            if rule.answers is None or not rule.answers.search(asked):
                return rule.name
    # A key held down for longer than that is still one key.
    return (
        "one key held down" if end - start > _LONGEST and len(set(folded[start:end])) == 1 else ""
    )


@cache
def _bundled() -> Rules:
    return _rules(Path(__file__).with_name("non_answers.toml"))


def _rules(path: Path) -> Rules:
    what = f"rules {path.name!r}"
    do = "The bundled non_answers.toml shows how rules are written."
    entries, rules = read_toml(path, "rules").get("rule", []), []
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        if (
            not isinstance(entry, dict)
            or set(entry) - {"answers"} != {"name", "pattern", "examples"}
            or not isinstance(entry["examples"], list)
            or not all(isinstance(e, str) for e in entry["examples"])
        ):
            got = f"{listed(entry)} in rule {number}"
            raise InputError(what, "must give each rule name, pattern and examples", got, do)
        try:
            answers = re.compile(str(entry["answers"])) if "answers" in entry else None
            rule = Rule(str(entry["name"]), re.compile(str(entry["pattern"])), answers)
        except re.error as error:
            got = f"{error} in rule {entry['name']!r}"
            raise InputError(what, "must contain regular expressions", got, do) from None
        missed = [e for e in entry["examples"] if matched_rule(e, (rule,)) != rule.name]
        if missed:
            got = f"{listed(missed)} not matched by rule {rule.name!r}"
            raise InputError(what, "must match their own examples", got, do)
        rules.append(rule)
    if not rules:
        raise InputError(what, "must contain at least one [[rule]]", "none", do)
    return tuple(rules)
