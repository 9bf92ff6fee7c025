"""Every table as it may be published, made once, so that no two outputs can be set off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._drift_model import share_model, sum_cells
from iapt_topics._suppression import Cell, Key, Line, suppress
from iapt_topics.axis import axis_codes
from iapt_topics.disclosure import Disclosure, common_words, people, word_users
from iapt_topics.inference import wilson_interval

if TYPE_CHECKING:
    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.drift import Drift
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

WITHHELD = "withheld"
_ALL = "all years"
_Z2 = 1.959963984540054**2


def publishable_tables(
    *,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    comparison: Comparison | None = None,
    drift: Drift | None = None,
    ceiling: Comparison | None = None,
    axis_drift: Drift | None = None,
    human: Sequence[Codes] = (),
    disclosure: Disclosure | None = None,
) -> dict[str, pd.DataFrame]:
    """Tables of a study as they may be published.

    Parameters
    ----------
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        Their themes.
    codes : Codes
        The coding that the shares are taken from.
    comparison : Comparison, optional
        Machine against people.
    drift : Drift, optional
        Of ``codes``.
    ceiling : Comparison, optional
        One person against another.
    axis_drift : Drift, optional
        Of the classes of the axis.
    human : sequence of Codes, optional
        The people's codes behind the comparisons. Without them a person's count of responses
        stands for the number of respondents, who can be fewer.
    disclosure : Disclosure, optional
        The rule; by default 10 respondents and rounding to 5.

    Returns
    -------
    dict of str to DataFrame
        By name, with the columns of the results they come from. Where a figure is withheld it is
        missing (NaN) and ``note`` says so. Shares are those of rounded counts, and their intervals
        Wilson's on them, with the design effect of the exact ones to one decimal; changes are
        differences of published shares. Measures of agreement are rounded to two decimals.

    Notes
    -----
    All tables are suppressed together: by year and theme, over all years, by class of the axis, by
    topic, by what became of each row, and for the responses that people coded.
    """
    rule = disclosure or Disclosure()
    system = _System(responses, codes)
    poles = None if axis_drift is None else axis_codes(codes, mapping.frame)
    if poles is not None:
        system.add_axis(poles, codes, mapping)
    system.add_topics(topics)
    pairs = {"comparison": comparison, "ceiling": ceiling}
    for name, result in pairs.items():
        if result is not None:
            system.add_comparison(name, result, [*human, codes])
    hidden = suppress(
        system.cells,
        system.lines,
        rule.min_respondents,
        most=system.most,
        never_shown=system.never_shown,
    )
    out = {"ledger": _ledger(responses, hidden, rule)}
    out["theme_shares"] = _theme_shares(system, codes, mapping, hidden, rule)
    if drift is not None:
        out["drift_shares"] = _shares(system, drift.shares, "theme", hidden, rule)
        out["drift_changes"] = _changes(drift.changes, out["drift_shares"])
        out["drift_trends"] = _trends(drift.trends, out["drift_shares"])
        out["drift_distances"] = _rounded(drift.distances, rule)
    if axis_drift is not None:
        out["axis_shares"] = _shares(system, axis_drift.shares, "class", hidden, rule)
    out |= _topics(system, responses, topics, mapping, hidden, rule)
    for name, result in pairs.items():
        if result is not None:
            start = "agreement" if name == "comparison" else "people"
            out[f"{start}_overall"] = _rounded(result.overall, rule)
            out[f"{start}_themes"] = _agreement(name, result, hidden, rule)
            out[f"{start}_convergence"] = _convergence(result, out[f"{start}_themes"])
    return out


def withheld_cells(shares: pd.DataFrame) -> set[tuple[str, int]]:
    """Theme and year of each row of published shares without a count."""
    rows = shares[shares["count"].isna()]
    return {(str(t), int(y)) for t, y in zip(rows["theme"], rows["year"], strict=True)}


class _System:
    """The counts of a study and every sum that binds them."""

    def __init__(self, responses: Responses, codes: Codes) -> None:
        self.cells: dict[Key, Cell] = {}
        self.lines: list[Line] = []
        self.most: dict[Key, int] = {}
        self.never_shown: set[Key] = set()
        self.kept = responses.kept
        self.who = people(responses)
        self._add_themes(codes)

    def _sum(self, total: Key, parts: Iterable[Key]) -> None:
        parts = tuple(p for p in parts if p in self.cells)
        if total not in self.cells:
            behind = frozenset().union(*(self.cells[p].people for p in parts))
            self.cells[total] = Cell(sum(self.cells[p].count for p in parts), behind)
        self.lines.append((total, parts))

    def _split(self, whole: Key, part: Key, rest: Iterable[str]) -> None:
        """A whole and a part of it, whose rest is in no output but to be had by subtraction."""
        key = ("rest", whole, part)
        self._put(key, rest)
        if self.cells[key].count:
            self.never_shown.add(key)
        self._sum(whole, [part, key])

    def _put(self, key: Key, ids: Iterable[str]) -> None:
        ids = list(ids)
        self.cells[key] = Cell(len(ids), frozenset(self.who.reindex(ids)))

    def _add_themes(self, codes: Codes) -> None:
        seen = self.kept[self.kept["response_id"].isin(codes.seen["response_id"])]
        by_year = {int(str(y)): set(part["response_id"]) for y, part in seen.groupby("year")}
        kept_by_year = {
            int(str(y)): set(part["response_id"]) for y, part in self.kept.groupby("year")
        }
        for year, ids in kept_by_year.items():
            seen_ids = by_year.get(year, set())
            self._put(("kept", year), ids)
            self._put(("base", year), seen_ids)
            self._split(("kept", year), ("base", year), ids - seen_ids)
        self._sum(("kept", _ALL), [("kept", y) for y in kept_by_year])
        self._sum(("base", _ALL), [("base", y) for y in by_year])
        self.by_year: dict[int, set[str]] = by_year
        self.seen: set[str] = set().union(*by_year.values())
        self.given: dict[str, set[str]] = defaultdict(set)
        for i, theme in zip(codes.table["response_id"], codes.table["theme"], strict=True):
            self.given[theme].add(i)
        for theme in codes.themes:
            for year, ids in by_year.items():
                self._put(("theme", theme, year), ids & self.given[theme])
                self.most["theme", theme, year] = len(ids)
            self._sum(("theme", theme, _ALL), [("theme", theme, y) for y in by_year])

    def add_axis(self, poles: Codes, codes: Codes, mapping: TopicMapping) -> None:
        """Classes of the axis: those of a year add up to its base."""
        for year, ids in self.by_year.items():
            for name in poles.themes:
                given = poles.table.loc[poles.table["theme"] == name, "response_id"]
                self._put(("class", name, year), ids & set(given))
            self._sum(("base", year), [("class", n, year) for n in poles.themes])
        # A pole of a single theme says of that theme what its classes say.
        frame = mapping.frame
        for pole, alone in zip(frame.axis or (), poles.themes[:2], strict=True):
            members = [t for t in codes.themes if frame.domain_of(t) == pole]
            if len(members) == 1:
                for year in self.by_year:
                    parts = [("class", n, year) for n in (alone, poles.themes[2])]
                    self._sum(("theme", members[0], year), parts)

    def add_topics(self, topics: Topics) -> None:
        """Topics: with the unassigned they add up to the kept responses."""
        rows = topics.assignments
        for topic, part in rows.groupby("topic"):
            self._put(("topic", int(str(topic))), part["response_id"])
        parts = [k for k in self.cells if isinstance(k, tuple) and k[0] == "topic"]
        self._sum(("kept", _ALL), parts)

    def add_comparison(self, name: str, result: Comparison, coders: Sequence[Codes]) -> None:
        """What each coder gave to the responses that both saw."""
        known = {c.coder: c for c in coders}
        pair = [known.get(result.reference), known.get(result.other)]
        both: set[str] | None = None
        if pair[0] is not None and pair[1] is not None:
            both = set(pair[0].seen["response_id"]) & set(pair[1].seen["response_id"])
            both -= pair[0].trained_on | pair[1].trained_on
        sides = (("reference", pair[0]), ("other", pair[1]))
        for row in result.themes.to_dict("records"):
            for side, coder in sides:
                key = (name, side, row["theme"])
                count = int(row[f"positives_{side}"])
                self.most[key] = result.n
                if both is None or coder is None:
                    # Unknown people: one for each response, and no more can be said.
                    self.cells[key] = Cell(count, frozenset((key, i) for i in range(count)))
                    continue
                own = coder.table.loc[coder.table["theme"] == row["theme"], "response_id"]
                given = set(own) & both
                behind = self.who.reindex(list(given)).dropna()
                stand: set[Hashable] = set(behind) or {(key, i) for i in range(count)}
                self.cells[key] = Cell(count, frozenset(stand))
                total = ("theme", row["theme"], _ALL)
                # The machine's count of all years, less this one, is what others did not see.
                if coder is coders[-1] and total in self.cells:
                    self._split(total, key, (self.given[row["theme"]] & self.seen) - given)


def _ledger(responses: Responses, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """What became of the rows of each year, rounded; nothing of a year with too few responses.

    How many rows were blank or copies says nothing of what anybody wrote, so small numbers of these
    are not withheld.
    """
    table = responses.ledger.groupby(["year", "status"], sort=False)["n"].sum().reset_index()
    gone = np.array([("kept", int(y)) in hidden for y in table["year"]], dtype=bool)
    n = np.array([rule.rounded(v) for v in table["n"]], dtype=float)
    return table.assign(n=np.where(gone, np.nan, n), note=np.where(gone, WITHHELD, ""))


def _theme_shares(
    system: _System, codes: Codes, mapping: TopicMapping, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Share of each theme over all years."""
    ids = sorted(system.seen)
    _, person = np.unique(system.who.reindex(ids).to_numpy(str), return_inverse=True)
    given = codes.matrix(ids, codes.themes)
    model = share_model(sum_cells(person, np.zeros(len(ids), np.intp), given))
    labels = {t.id: t.label for t in mapping.frame.themes}
    rows = []
    for i, theme in enumerate(codes.themes):
        exact = (float(model.share[0, i]), float(model.low[0, i]), float(model.high[0, i]))
        keys = ("theme", theme, _ALL), ("base", _ALL)
        row = _share(system, *keys, exact, hidden, rule)
        rows.append({"theme": theme, "label": labels.get(theme, theme)} | row)
    return pd.DataFrame(rows)


def _shares(
    system: _System, shares: pd.DataFrame, kind: str, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Shares by year, with the columns of ``Drift.shares``."""
    rows = []
    for row in shares.to_dict("records"):
        year = int(row["year"])
        exact = (row["estimate"], row["low"], row["high"])
        keys = (kind, row["theme"], year), ("base", year)
        rows.append(
            {"theme": row["theme"], "year": year} | _share(system, *keys, exact, hidden, rule)
        )
    return pd.DataFrame(rows, columns=[c for c in shares.columns if c in rows[0]])


def _share(
    system: _System,
    key: Key,
    base: Key,
    exact: tuple[float, float, float],
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, object]:
    """One share: rounded counts, and what follows from them alone."""
    out: dict[str, object] = dict.fromkeys(("count", "n", "estimate", "low", "high"), np.nan)
    cell, of = system.cells.get(key), system.cells.get(base)
    if base in hidden:
        return out | {"note": WITHHELD}
    if of is None or not of.count:
        return out | {"count": 0, "n": 0, "note": "no response of this year was coded"}
    n = rule.rounded(of.count)
    out["n"] = n
    if cell is None or key in hidden:
        return out | {"note": WITHHELD}
    count = min(rule.rounded(cell.count), n)
    out["count"] = count
    if of.count < rule.min_base:
        return out | {"note": f"no percentage out of fewer than {rule.min_base} responses"}
    # The design effect is taken back from the exact interval, and coarsened so that it does not
    # give the exact share away.
    p, low, high = exact
    limit = low if p > 0 else high
    effect = max(1.0, round(of.count * (p - limit) ** 2 / (_Z2 * limit * (1 - limit)), 1))
    low, high = (float(x) for x in wilson_interval(count / effect, n / effect))
    return out | {"estimate": count / n, "low": low, "high": high, "note": ""}


def _changes(changes: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Differences of published shares, with Newcombe's interval on them; p as it was."""
    known = shares.set_index(["theme", "year"])[["estimate", "low", "high", "n"]]
    now, then = (
        known.reindex(pd.MultiIndex.from_frame(changes[["theme", y]])).reset_index(drop=True)
        for y in ("year", "against")
    )
    change = now["estimate"] - then["estimate"]
    down = np.hypot(now["estimate"] - now["low"], then["high"] - then["estimate"])
    up = np.hypot(now["high"] - now["estimate"], then["estimate"] - then["low"])
    shown = change.notna().to_numpy()
    out = changes.reset_index(drop=True).assign(
        estimate=change, low=change - down, high=change + up, n=now["n"] + then["n"],
        note=np.where(shown, "", WITHHELD),
    )  # fmt: skip
    return _coarse(out, shown, p=("p", "p_bh", "p_holm"), two=("smallest_detectable",))


def _trends(trends: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Slopes of published shares; none for a theme with a year withheld."""
    rows = []
    groups = dict(iter(shares.groupby("theme")))
    for row in trends.to_dict("records"):
        part = groups[row["theme"]]
        part = part[part["n"] != 0]
        whole = bool(part["estimate"].notna().all())
        values, bases = (part[c].to_numpy(float) for c in ("estimate", "n"))
        slope, n = np.nan, bases.sum()
        if whole and row["test"] == "omnibus":
            slope = float(values.max() - values.min())
        elif whole:
            centred = part["year"].to_numpy(float) - np.average(part["year"], weights=bases)
            slope = float((bases * centred * values).sum() / (bases * centred**2).sum())
        rows.append(row | {"estimate": slope, "n": n, "note": "" if whole else WITHHELD})
    out = pd.DataFrame(rows, columns=list(trends.columns))
    shown = out["estimate"].notna().to_numpy()
    return _coarse(out, shown, p=("p", "p_bh", "p_holm"), three=("low", "high"))


def _coarse(
    table: pd.DataFrame,
    shown: np.ndarray,
    *,
    p: Sequence[str] = (),
    two: Sequence[str] = (),
    three: Sequence[str] = (),
) -> pd.DataFrame:
    """Round what was worked out from exact counts, and leave out what is not shown."""
    digits = dict.fromkeys((*p, *three), 3) | dict.fromkeys(two, 2)
    table = table.assign(**{c: table[c].astype(float).round(d) for c, d in digits.items()})
    table = table.assign(**{c: table[c].clip(lower=0.001) for c in p})
    return table.assign(**{c: table[c].where(shown) for c in digits})


def _rounded(table: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """A table of measures over all themes at once: two decimals, and p to three."""
    decimals = dict.fromkeys(table.select_dtypes("float").columns, 2) | {"p": 3}
    out = table.round({c: d for c, d in decimals.items() if c in table.columns})
    return out.assign(n=[rule.rounded(n) for n in table["n"]], note="")


def _topics(
    system: _System,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, pd.DataFrame]:
    users = word_users(responses)
    kept, least = ("kept", _ALL), rule.min_respondents
    rows, labels = [], {}
    unassigned: dict[Hashable, Any] = {
        "topic": -1,
        "label": "unassigned",
        "words": "",
        "support": np.nan,
    }
    for row in [*topics.topics.to_dict("records"), unassigned]:
        topic = int(row["topic"])
        key = ("topic", topic)
        if key not in system.cells:
            continue
        small = topic >= 0 and rule.is_small(len(system.cells[key].people))
        words = () if small else common_words(str(row["words"]).split(","), users, least)
        parts = str(row["label"]).split(",")
        label = str(row["label"])
        if topic >= 0 and len(common_words(parts, users, least)) < len(parts):
            label = ", ".join(words[:3]) or f"topic {topic}"
        if not small and topic >= 0:
            labels[topic] = label
        n, size = system.cells[key].count, system.cells[kept].count
        low, high = (float(x) for x in wilson_interval(n, size))
        share = _share(system, key, kept, (n / size, low, high), hidden, rule)
        count, of = share.pop("count"), share.pop("n")
        rows.append(
            {"topic": topic, "label": "" if small else label, "n": count, "of": of}
            | {c: share[c] for c in ("estimate", "low", "high")}
            | {"words": ", ".join(words), "support": np.nan if small else round(row["support"], 2)}
            | {"note": share["note"]}
        )
    table = mapping.table
    table = table[table["topic"].isin(labels)].reset_index(drop=True)
    placed = table.assign(label=table["topic"].map(labels), score=table["score"].round(2))
    columns = ["topic", "label", "theme", "theme_label", "score"]
    return {"topics": pd.DataFrame(rows), "topic_mapping": placed[columns]}


def _agreement(name: str, result: Comparison, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """Agreement by theme; nothing of a theme that either gave to too few people."""
    table = result.themes
    sides = ("reference", "other")
    gone = np.array(
        [any((name, side, t) in hidden for side in sides) for t in table["theme"]], dtype=bool
    )
    few = rule.is_small(result.n)
    gone |= few
    n = np.nan if few else rule.rounded(result.n)
    counts = {
        f"positives_{s}": [np.nan if g else min(n, rule.rounded(v))
                           for g, v in zip(gone, table[f"positives_{s}"], strict=True)]
        for s in sides
    }  # fmt: skip
    out = table.assign(n=n, **counts)
    for side in sides:
        share = out[f"positives_{side}"] / n if result.n >= rule.min_base else np.nan
        out[f"share_{side}"] = share
    measures = [c for c in table.select_dtypes("float").columns if not c.startswith("share_")]
    limit = np.where(table["kappa"].isna() & ~gone, "kappa is not estimable", "")
    return _coarse(out, ~gone, two=measures).assign(note=np.where(gone, WITHHELD, limit))


def _convergence(result: Comparison, themes: pd.DataFrame) -> pd.DataFrame:
    """The convergence matrix, of the themes whose agreement is shown."""
    known = themes.set_index("theme")
    table = result.convergence
    rows = known.reindex(table["theme"]).reset_index(drop=True)
    shown = rows["positives_reference"].notna().to_numpy()
    columns = [c for c in ("theme", "label", "proposed", "rating", "rater", "rationale", "partner")
               if c in table.columns]  # fmt: skip
    out = table[columns].reset_index(drop=True)
    text = [c for c in columns if c not in ("theme", "label")]
    return out.assign(
        **{c: out[c].where(shown, "") for c in text},
        f1=rows["f1"],
        share_difference=rows["share_other"] - rows["share_reference"],
        n=rows["n"],
        note=np.where(shown, "", WITHHELD),
    )
