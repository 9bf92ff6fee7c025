"""The sentences to quote for each theme: typical, borderline and contrary cases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.text import clean, shorten
from iapt_topics.survey.redaction import redacted_part

if TYPE_CHECKING:
    from iapt_topics.study.study import Study

TYPICAL, BORDERLINE, CONTRARY = "typical", "borderline", "contrary"
#: How many of each case to quote for a theme.
CASES: Mapping[str, int] = {TYPICAL: 6, BORDERLINE: 2, CONTRARY: 1}
#: Share of a theme's codes that are borderline: those of the smallest margins.
_BORDERLINE = 0.25
#: Share of the words of two sentences above which they say the same.
_SAME_WORDS = 0.65
_WORDS = re.compile(r"[\W_]+")
#: Characters of a quote: the sentence that carried the theme, and the words round it.
LONGEST = 320


def pick_cases(
    study: Study, barred: Collection[tuple[str, int]] = (), *, cases: Mapping[str, int] = CASES
) -> pd.DataFrame:
    """Pick responses to quote for each theme, by the sentence that carried it.

    Parameters
    ----------
    study : Study
        Whose machine codes name the sentence behind each code.
    barred : collection of (str, int)
        Themes and years of which nobody may be quoted.
    cases : mapping of str to int
        How many of each case: "typical" (the sentences whose margin over any other theme is
        largest), "borderline" (of the quarter with the smallest margins) and "contrary"
        (people who coded the response did not apply the theme).

    Returns
    -------
    DataFrame
        ``response_id``, ``theme``, ``case``. Nobody is quoted twice, nor are nearly the same words
        for a theme; its quotes are spread over the years. Rare themes choose first. Empty if the
        codes name no sentence.
    """
    columns = ["response_id", "theme", "case"]
    evidence = study.codes.evidence
    if evidence is None or evidence.empty:
        return pd.DataFrame(columns=columns)
    rows = evidence.merge(study.responses.kept[["response_id", "year", "text"]], on="response_id")
    pairs = pd.MultiIndex.from_frame(rows[["theme", "year"]])
    rows = rows[~pairs.isin(list(barred))]
    places = zip(rows["text"], rows["start"], rows["end"], strict=True)
    who = study.responses.cluster_id
    rows = rows.assign(
        words=[_WORDS.sub(" ", t[a:b].casefold()) for t, a, b in places],
        who=who.reindex(rows["response_id"]).to_numpy(),
        rank=rows.groupby("theme")["margin"].rank(pct=True, ascending=False).fillna(0.0),
        contrary=_contrary(study, rows),
    )
    pools = {
        TYPICAL: rows[rows["rank"] <= 1 - _BORDERLINE].sort_values("rank", kind="stable"),
        BORDERLINE: rows[rows["rank"] > 1 - _BORDERLINE].sort_values(
            "rank", ascending=False, kind="stable"
        ),
        CONTRARY: rows[rows["contrary"]].sort_values("rank", kind="stable"),
    }
    rare_first = rows["theme"].value_counts().sort_index().sort_values(kind="stable").index
    used: set[object] = set()
    said: dict[str, list[set[str]]] = {}
    out = []
    for case, most in cases.items():
        of_theme = dict(list(pools[case].groupby("theme")))
        for theme in rare_first:
            pool = of_theme.get(theme, pools[case].iloc[:0])
            words = said.setdefault(str(theme), [])
            # From each year no more than its part, rounded up; then whoever is left.
            part = -(-most // max(pool["year"].nunique(), 1))
            of_year: Counter[int] = Counter()
            left = most
            for limit in (part, most):
                for response_id, year, one, said_words in zip(
                    *(pool[c] for c in ("response_id", "year", "who", "words")), strict=True
                ):
                    if not left:
                        break
                    own = set(str(said_words).split())
                    new = one not in used and not any(_alike(own, w) for w in words)
                    if new and of_year[int(year)] < limit:
                        used.add(one)
                        words.append(own)
                        of_year[int(year)] += 1
                        out.append((response_id, theme, case))
                        left -= 1
    return pd.DataFrame(out, columns=columns)


def _alike(one: set[str], two: set[str]) -> bool:
    """Whether two sentences have most of their words in common."""
    return len(one & two) > _SAME_WORDS * len(one | two)


def _contrary(study: Study, rows: pd.DataFrame) -> pd.Series:
    """Whether people coded the response, and did not apply the theme."""
    out = pd.Series(False, index=rows.index)
    for codes in study.human[:1]:
        key = pd.MultiIndex.from_frame(rows[["response_id", "theme"]])
        applied = key.isin(list(zip(codes.table["response_id"], codes.table["theme"], strict=True)))
        known = rows["theme"].isin(codes.themes)
        out = rows["response_id"].isin(codes.seen["response_id"]) & known & ~applied
    return out


def in_context(
    text: str, redacted: str, start: int, end: int, most: int = LONGEST
) -> tuple[str, int, int]:
    """A sentence of a redacted text with the words round it, and its start and end in that.

    Examples
    --------
    >>> in_context("We try. Targets rule us. It is sad.", "We try. Targets rule us. It is sad.",
    ...     8, 24, 24)
    ('… try. Targets rule us. …', 7, 23)
    """
    part = redacted_part(text, redacted, start, end)
    at = redacted.find(part)
    before, after = redacted[:at], redacted[at + len(part) :]
    sentence = shorten(clean(part), most)
    if sentence.endswith("…") and not part.rstrip().endswith("…"):
        after = ""  # the rest of the sentence is left out, and so is what follows
    lead, rest = (" ".join(clean(t).split()) for t in (before, after))
    room = max(0, most - len(sentence))
    first = max(room // 2, room - len(rest))
    lead = lead if len(lead) <= first else f"… {_tail(lead, first)}".rstrip()
    rest = _head(rest, room - len(lead))
    lead += " " if lead else ""
    rest = f" {rest}" if rest else ""
    return f"{lead}{sentence}{rest}", len(lead), len(lead) + len(sentence)


def _head(text: str, most: int) -> str:
    """The first whole words of a text, of at most so many characters; "…" if none fits."""
    if not text or len(text) <= most:
        return text
    return shorten(text, most) if len(text.partition(" ")[0]) < most else "…"


def _tail(text: str, most: int) -> str:
    """The last whole words of a text, of at most so many characters."""
    if most < 1:
        return ""
    cut = text[-most:]
    return cut.partition(" ")[2] if text[-most - 1] != " " else cut
