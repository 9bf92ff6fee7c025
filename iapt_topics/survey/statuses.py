"""What becomes of each row, and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pandas as pd

from iapt_topics.survey.copies import (
    LEAST_WORDS,
    NEARLY,
    find_copies,
    folded,
    similarity,
    word_runs,
)
from iapt_topics.survey.languages import other_languages
from iapt_topics.survey.non_answers import Rules, matched_rule

#: What can become of a row. Only "kept" responses go on to topics and shares.
STATUSES = ("kept", "blank", "non_answer", "too_short", "duplicate", "not_codable")
#: No one types more; an unclosed quotation mark in a file makes one cell of many rows.
LONGEST = 100_000
#: Reason of a row that is not codable for its length.
TOO_LONG = f"over {LONGEST:,} characters"
# Letters of Unicode that leave no mark: Hangul fillers and the blank Braille cell.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_TWO_LETTERS = re.compile(r"[^\W\d_].*?[^\W\d_]", re.DOTALL)


def is_visible(text: str) -> bool:
    """Whether any character leaves a mark: a letter, number, punctuation mark or symbol."""
    return any(unicodedata.category(c)[0] in "LNPS" and c not in _FILLERS for c in text)


def assign_statuses(
    people: Sequence[str],
    years: Sequence[int],
    texts: Sequence[str],
    questions: Sequence[str],
    *,
    rules: Rules | None = None,
    min_words: int = 1,
    language: str | None = None,
) -> pd.DataFrame:
    """Give each row its one status.

    Parameters
    ----------
    people, years, texts, questions : sequences of length n
        Who wrote when and what, and to which question; "" for a text that leaves no mark.
    rules : from :func:`iapt_topics.survey.non_answers.read_rules`, optional
    min_words : int, default 1
    language : str, optional
        As for :func:`iapt_topics.load_responses`.

    Returns
    -------
    DataFrame
        n rows: ``status``; ``reason``, "" for a kept row; ``copied``, the place of the text that
        a duplicate is a copy of, or of the longest one by another person that a kept text of 8
        words or more is a copy of, else -1.
    """
    found = [
        _alone(text, rules, min_words, question)
        for text, question in zip(texts, questions, strict=True)
    ]
    status = [s for s, _ in found]
    reason = [r for _, r in found]
    copied = [-1] * len(texts)
    left = [i for i, s in enumerate(status) if s == "kept"]
    if language is not None:
        for i, other in zip(left, other_languages([texts[i] for i in left], language), strict=True):
            if other:
                status[i], reason[i] = "not_codable", f"language {other}"
        left = [i for i in left if status[i] == "kept"]
    # The longest of near copies stands for them, so that the order of the rows decides nothing
    # but which row of one and the same text does.
    left.sort(key=lambda i: _longest_first(texts[i]))
    plain = [folded(texts[i]) for i in left]
    own: dict[tuple[int, str, int, str], int] = {}
    firsts: dict[int, int] = {}
    for at, root in enumerate(find_copies(plain).tolist()):
        i = left[at]
        earlier = own.setdefault((root, people[i], years[i], questions[i]), at)
        one, other = plain[earlier], plain[at]
        same = one == other or similarity(word_runs(one), word_runs(other)) >= NEARLY
        if earlier != at and same:
            status[i], reason[i], copied[i] = "duplicate", "copy of own text", left[earlier]
            continue
        first = firsts.setdefault(root, i)
        if people[first] != people[i] and len(plain[at].split()) >= LEAST_WORDS:
            copied[i] = first
    return pd.DataFrame({"status": status, "reason": reason, "copied": copied})


def _alone(text: str, rules: Rules | None, min_words: int, question: str) -> tuple[str, str]:
    """Status and reason of a row, whatever the others say."""
    if not text:
        return "blank", "blank"
    if len(text) > LONGEST:
        return "not_codable", TOO_LONG
    if rule := matched_rule(text, rules, question):
        return "non_answer", rule
    # One ideograph or pictogram says something; one letter or a number does not.
    says = _TWO_LETTERS.search(text) or any(unicodedata.category(c) in ("Lo", "So") for c in text)
    if not says:
        return "too_short", "no words"
    if min_words > 1 and len(text.split()) < min_words:
        return "too_short", f"fewer than {min_words} words"
    return "kept", ""


def _longest_first(text: str) -> tuple[int, str, str]:
    said = " ".join(text.split())
    return -len(said), said, text
