"""Every table as it may be published, made once, so that no two outputs can be set off."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_codes, pole_codes
from iapt_topics.publish.corrected import (
    corrected_changes_of,
    corrected_of,
    sources_of,
    topic_widths,
)
from iapt_topics.publish.counts import ALL, System, given_by
from iapt_topics.publish.disclosure import Disclosure, common_words, word_users
from iapt_topics.publish.of_drift import (
    WEIGHTED,
    WITHHELD,
    beside,
    changepoints_of,
    changes_beside,
    changes_of,
    coverage_of,
    hierarchy_of,
    standardised_of,
    trends_of,
)
from iapt_topics.publish.suppression import Key, suppress
from iapt_topics.stats.agreement import (
    cohen_kappa,
    f1,
    gwet_ac1,
    negative_agreement,
    pabak,
    precision,
    recall,
    table_2x2,
)
from iapt_topics.stats.share_model import ShareModel, share_limits, share_model, sum_cells
from iapt_topics.survey.respondents import how_answered, levels_of, tabulated, who_answered
from iapt_topics.topics.topics import SURE, unassigned_band

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.drift import Drift
    from iapt_topics.drift.standardise import Standardised
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics


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
    standardised: Standardised | None = None,
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
    standardised : Standardised, optional
        Of ``codes``, against the same baseline as ``drift``.
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
        by the formula of the exact ones, with the exact design effect to one decimal; changes are
        differences of published shares. With survey weights the count of a theme is a rounded sum
        of weights, and ``note`` says "weighted". Agreement by theme is that of rounded counts, its
        intervals rounded outwards; other measures have two decimals. Shares corrected by people's
        codes are worked out from these, and widths of intervals by source are those of the median
        change.

    Raises
    ------
    InputError
        If the shares of ``drift`` were corrected by hand codes.

    Notes
    -----
    All tables are suppressed together: by year and theme, over all years, by class of the axis, by
    topic, by what became of each row, by covariate and year, and for the responses that people
    coded.

    With survey weights the same is withheld, since it is people that are protected. The count of a
    theme is then its sum of weights, of mean 1 in each year as in the exact shares, so that the
    base stays the number of responses. It is rounded to 5 or more (under every rule but that which
    rounds and withholds nothing) and to twice the largest weight or more; the number of responses
    behind it is not published. So one response exchanged for another of its year, in one of the
    two directions at least, moves no published sum of weights, and no count follows from one even
    for a reader who knows the weights.
    """
    rule = disclosure or Disclosure()
    if drift is not None and (drift.sources["source"] == "coding").any():
        raise InputError(
            "drift", "must be of codes that hand codes did not correct", "corrected shares",
            "Give measure_drift of the codes alone; the tables correct them by human=...",
        )  # fmt: skip
    system = System(responses, codes)
    poles = None if axis_drift is None else axis_codes(codes, mapping.frame)
    if poles is not None:
        system.add_axis(poles, codes, mapping)
    system.add_topics(topics)
    pairs = {"comparison": comparison, "ceiling": ceiling}
    years: pd.DataFrame | None = None
    for name, result in pairs.items():
        if result is not None:
            system.add_comparison(name, result, [*human, codes])
    if by_year := "comparison" in system.compared:
        system.add_years("comparison")
    system.add_unsure(topics, SURE)
    system.add_people()
    levels = _levels(responses)
    for covariate, level in levels.items():
        system.add_levels(covariate, level)
    hidden = suppress(
        system.cells,
        system.lines,
        rule.min_respondents,
        most=system.most,
        never_shown=system.never_shown,
    )
    out = {"ledger": _ledger(responses, hidden, rule)}
    out["theme_shares"] = _theme_shares(system, codes, mapping, hidden, rule)
    out["ledger_totals"] = _ledger_totals(system, responses, out["ledger"], hidden, rule)
    if levels:
        out["who_answered"] = _who(system, responses, list(levels), hidden, rule)
    out["how_answered"] = _how(responses, out["ledger"], rule)
    if drift is not None:
        out["drift_shares"] = _shares(system, drift.shares, "theme", hidden, rule)
        out["drift_changes"] = changes_of(drift.changes, out["drift_shares"])
        out["drift_trends"] = trends_of(drift.trends, out["drift_shares"])
        out["drift_changepoints"] = changepoints_of(drift.changepoints, out["drift_shares"])
        out["drift_distances"] = _rounded(drift.distances, rule)
    if drift is not None and standardised is not None:
        out["standardised_changes"] = standardised_of(standardised.changes, out["drift_changes"])
    if axis_drift is not None and poles is not None:
        out["axis_shares"] = _shares(system, axis_drift.shares, "class", hidden, rule)
        both = pole_codes(codes, mapping.frame)
        out["pole_shares"] = _pole_shares(system, both, hidden, rule)
    out |= _topics(system, responses, topics, mapping, hidden, rule)
    out["topic_unassigned"] = _unassigned(system, topics, responses, hidden, rule)
    out["topic_resolution"] = _resolution(topics, rule)
    out["topic_hierarchy"] = hierarchy_of(topics.hierarchy, out["topics"])
    out["theme_coverage"] = coverage_of(mapping.frame, out["topic_mapping"], out["topics"], rule)
    for name, result in pairs.items():
        if result is not None:
            start = "agreement" if name == "comparison" else "people"
            out[f"{start}_overall"] = _rounded(result.overall, rule)
            out[f"{start}_themes"] = _agreement(name, result, hidden, rule)
            out[f"{start}_convergence"] = _convergence(result, out[f"{start}_themes"])
            behind = system.behind.get(name, {})
            out[f"{start}_matches"] = _matches(result, behind, out[f"{start}_themes"], rule)
            if name == "comparison" and by_year:
                years = _agreement_years(system, name, hidden, rule)
                out[f"{start}_years"] = years.drop(columns="effect")
                out[f"{start}_changes"] = changes_beside(
                    years, None if drift is None else drift.baseline
                )
            out[f"{start}_levels"] = result.levels.round(2)
            out[f"{start}_partition"] = _rounded(result.partition, rule)
    if drift is not None:
        out |= _sources(system, topics, out, years, drift.baseline, hidden, rule)
    return out


def _sources(
    system: System,
    topics: Topics,
    out: Mapping[str, pd.DataFrame],
    years: pd.DataFrame | None,
    baseline: int,
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, pd.DataFrame]:
    """Corrected shares and changes, if people coded some of the responses; widths by source."""
    tables: dict[str, pd.DataFrame] = {}
    # What people picked to code is no sample that the rest could be corrected by.
    if years is not None and not system.compared["comparison"][0].picked:
        one, two, both = system.compared["comparison"]
        first, second = given_by(one), given_by(two)
        if system.weights:
            years = _agreement_years(system, "comparison", hidden, rule, weighted=True)
        counts = [
            _joint(system, first[t] & second[t] & both & system.by_year[y], y, rule)
            for t, y in zip(years["theme"], years["year"], strict=True)
        ]
        shares = corrected_of(out["drift_shares"], years, np.array(counts, dtype=float))
        tables["corrected_shares"] = shares
        tables["corrected_changes"] = corrected_changes_of(shares, out["drift_changes"])
    ids = topics.assignments["response_id"]
    kept = system.kept.set_index("response_id").reindex(ids)
    year = kept["year"].to_numpy(np.int64)
    person = pd.factorize(ids.map(system.person))[0]
    weight = kept["weight"].to_numpy(float) if "weight" in kept else None
    widths = topic_widths(topics, year, person, baseline, weight)
    changed = tables.get("corrected_changes")
    return tables | {"change_sources": sources_of(changed, out["drift_changes"], widths)}


def _ledger(responses: Responses, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """What became of the rows of each year, rounded; nothing of a year with too few responses.

    How many rows were blank or copies says nothing of what anybody wrote, so small numbers of these
    are not withheld.
    """
    table = responses.ledger.groupby(["year", "status"], sort=False)["n"].sum().reset_index()
    gone = np.array([("kept", int(y)) in hidden for y in table["year"]], dtype=bool)
    n = np.array([rule.rounded(v) for v in table["n"]], dtype=float)
    return table.assign(n=np.where(gone, np.nan, n), note=np.where(gone, WITHHELD, ""))


def _ledger_totals(
    system: System,
    responses: Responses,
    by_year: pd.DataFrame,
    hidden: set[Key],
    rule: Disclosure,
) -> pd.DataFrame:
    """What became of the rows of all years, each number rounded by itself.

    Also of all rows, "read", and of the respondents whose rows were kept, "people".
    """
    exact = responses.ledger.groupby("status", sort=False)["n"].sum()
    gone = {str(s) for s in by_year.loc[by_year["n"].isna(), "status"]}
    gone |= {"read"} if gone else set()
    gone -= set() if ("kept", ALL) in hidden else {"kept"}
    gone |= {"people"} if ("people", ALL) in hidden else set()
    rows = {"read": exact.sum(), **exact, "people": system.cells["people", ALL].count}
    n = [np.nan if s in gone else float(rule.rounded(v)) for s, v in rows.items()]
    note = [WITHHELD if s in gone else "" for s in rows]
    return pd.DataFrame({"status": list(rows), "n": n, "note": note})


def _levels(responses: Responses) -> dict[str, pd.Series]:
    """Level of each covariate by kept response."""
    kept = responses.kept.set_index("response_id")
    return {c: levels_of(kept[c]) for c in tabulated(responses)}


def _who(
    system: System,
    responses: Responses,
    covariates: Sequence[str],
    hidden: set[Key],
    rule: Disclosure,
) -> pd.DataFrame:
    """Who answered, by year; no name of a level of too few, and no test with a year withheld."""
    table, rows, few = who_answered(responses, covariates), [], 0
    for (name, level), part in table.groupby(["covariate", "level"], sort=False):
        keys = [("level", name, level, int(y)) for y in part["year"]]
        behind = set().union(*(system.cells[k].people for k in keys if k in system.cells))
        if rule.is_small(len(behind)):
            few += 1
            level = f"(too few people, {few})"
        for key, row in zip(keys, part.to_dict("records"), strict=True):
            share = _share(system, key, ("kept", key[3]), row["n_effective"], hidden, rule)
            tests = {c: float(np.clip(round(row[c], 3), 0.001, None)) for c in ("p", "p_bh")}
            share["note"] = share["note"] or row["note"]
            rows.append({"covariate": name, "level": level, "year": key[3]} | share | tests)
    columns = [c for c in table.columns if c != "n_effective"]
    out = pd.DataFrame(rows, columns=columns)
    gone = out["estimate"].isna().groupby([out["covariate"], out["level"]]).transform("any")
    return out.assign(p=out["p"].mask(gone), p_bh=out["p_bh"].mask(gone))


def _how(responses: Responses, ledger: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """Rows that are no answer, as shares of published counts, and words of a response."""
    out = how_answered(responses)
    rows = ledger.groupby("year")["n"].agg(lambda n: n.sum(skipna=False))
    count = ledger.set_index(["status", "year"])["n"]
    words = (out["measure"] == "words").to_numpy()
    keys = list(zip(out["measure"].where(~words, "kept"), out["year"], strict=True))
    k = count.reindex(pd.MultiIndex.from_tuples(keys)).to_numpy(float)
    n = np.where(words, k, out["year"].map(rows).to_numpy(float))
    shown = n >= rule.min_base
    n_safe = np.where(shown, n, 1)
    exact = np.where(words, 1.0, out["n"] / out["n_effective"])
    effect = np.maximum(np.round(exact, 1), 1)
    share = np.where(shown, np.minimum(k, n), 0) / n_safe
    low, high = share_limits(share, n_safe / effect, exact == 1)
    new = {"estimate": k / n_safe, "low": low, "high": high}
    out = out.assign(n=n, **{c: np.where(words, out[c].round(1), v) for c, v in new.items()})
    note = np.where(np.isnan(n), WITHHELD, f"no figure out of fewer than {rule.min_base}")
    out = out.assign(note=np.where(shown, out["note"], note))
    out = out.assign(**{c: out[c].where(shown) for c in new})
    whole = pd.Series(shown, out.index).groupby(out["measure"]).transform("all")
    tests = {c: out[c].astype(float).round(3).clip(lower=0.001).where(whole) for c in ("p", "p_bh")}
    return out.assign(**tests).drop(columns="n_effective")


def _unassigned(
    system: System, topics: Topics, responses: Responses, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Responses of each year whose topic is not sure, and how far their treatment moves a share.

    ``moves`` is over all topics, and rounded up to a whole percentage point.
    """
    band, rows = unassigned_band(topics, responses), []
    of_topics = band[band["topic"] >= 0]
    width = (of_topics["high"] - of_topics["low"]).groupby(of_topics["year"]).max()
    for row in band[band["topic"] < 0].to_dict("records"):
        year = int(row["year"])
        share = _share(system, ("unsure", year), ("kept", year), row["n"], hidden, rule)
        moves = np.ceil(100 * width.get(year, 0.0) - 1e-9) / 100 if share["note"] == "" else np.nan
        note = share.pop("note")
        rows.append({"year": year} | share | {"moves": moves, "note": note})
    return pd.DataFrame(rows)


def _theme_shares(
    system: System, codes: Codes, mapping: TopicMapping, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Share of each theme over all years."""
    model = _model(system, codes, dict.fromkeys(system.seen, 0))
    labels = {t.id: t.label for t in mapping.frame.themes}
    rows = []
    for i, theme in enumerate(codes.themes):
        keys = ("theme", theme, ALL), ("base", ALL)
        row = _share(system, *keys, model.effective[0, i], hidden, rule, weighted=True)
        rows.append({"theme": theme, "label": labels.get(theme, theme)} | row)
    return pd.DataFrame(rows)


def _model(
    system: System, codes: Codes, wave: Mapping[str, int], *, weighted: bool = True
) -> ShareModel:
    """Exact shares of each theme by the wave of each response."""
    ids = sorted(wave)
    _, person = np.unique(system.who.reindex(ids).to_numpy(str), return_inverse=True)
    waves = np.array([wave[i] for i in ids], dtype=np.intp)
    weight = np.array([system.weights[i] for i in ids]) if weighted and system.weights else None
    return share_model(sum_cells(person, waves, codes.matrix(ids, codes.themes), weight))


def _pole_shares(system: System, poles: Codes, hidden: set[Key], rule: Disclosure) -> pd.DataFrame:
    """Share of each pole by year; a response can have both."""
    years = sorted(y for y, ids in system.by_year.items() if ids)
    model = _model(system, poles, {i: at for at, y in enumerate(years) for i in system.by_year[y]})
    rows = []
    for i, pole in enumerate(poles.themes):
        for at, year in enumerate(years):
            keys = ("pole", pole, year), ("base", year)
            effective = model.effective[at, i]
            share = _share(system, *keys, effective, hidden, rule, weighted=True)
            rows.append({"theme": pole, "year": year} | share)
    return pd.DataFrame(rows)


def _shares(
    system: System, shares: pd.DataFrame, kind: str, hidden: set[Key], rule: Disclosure
) -> pd.DataFrame:
    """Shares by year, with the columns of ``Drift.shares``."""
    rows = []
    for row in shares.to_dict("records"):
        year = int(row["year"])
        keys = (kind, row["theme"], year), ("base", year)
        share = _share(system, *keys, row["n_effective"], hidden, rule, weighted=True)
        rows.append({"theme": row["theme"], "year": year} | share)
    return pd.DataFrame(rows, columns=[c for c in shares.columns if c in rows[0]])


def _share(
    system: System,
    key: Key,
    base: Key,
    effective: float,
    hidden: set[Key],
    rule: Disclosure,
    *,
    weighted: bool = False,
) -> dict[str, object]:
    """One share: rounded counts, and what follows from them alone.

    ``effective`` is the number of equal responses that the exact share is as sure as; with
    ``weighted`` the count is a sum of survey weights, if there are any.
    """
    weighted = weighted and bool(system.weights)
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
    if weighted:
        count, share = _weighted_count(system.weighed[key][0], system, base, rule)
    else:
        count = min(rule.rounded(cell.count), n)
        share = count / n if n else np.nan
    out["count"] = count
    if of.count < rule.min_base:
        return out | {"note": f"no percentage out of fewer than {rule.min_base} responses"}
    # The design effect is coarsened so that it does not give the exact share away.
    effect = max(1.0, round(float(of.count / effective), 1))
    one_each = effect == 1 and system.one_each(base, weighted=weighted)
    low, high = (float(x) for x in share_limits(share, n / effect, one_each))
    note = WEIGHTED if weighted else ""
    return out | {"estimate": share, "low": low, "high": high, "note": note}


def _weighted_count(
    total: float, system: System, base: Key, rule: Disclosure
) -> tuple[float, float]:
    """A sum of weights as it may be shown, and its share of the base.

    Weights have mean 1 in the base, so the two are those of as many equal responses.
    """
    n, (of, largest) = system.cells[base].count, system.weighed[base]
    total, largest = total * n / of, largest * n / of
    if rule.min_respondents == 1 and rule.round_to == 1:
        return round(total), min(total / n, 1.0)
    step = max(5, rule.round_to)
    step *= math.ceil(round(2 * largest / step, 9))
    count = min((total + step / 2) // step * step, rule.rounded(n))
    return int(count), count / max(rule.rounded(n), 1)


def _joint(system: System, ids: set[str], year: int, rule: Disclosure) -> float:
    """How many responses two coders gave a theme, or the sum of their weights, rounded."""
    if not system.weights:
        return float(_coarse_counts(len(ids), rule))
    total, _ = system.weight_of(ids)
    base = ("comparison", "base", year)
    return _weighted_count(total, system, base, rule)[1] * rule.rounded(system.cells[base].count)


def _rounded(table: pd.DataFrame, rule: Disclosure) -> pd.DataFrame:
    """A table of measures over all themes at once: two decimals, and p to three."""
    decimals = dict.fromkeys(table.select_dtypes("float").columns, 2) | {"p": 3}
    out = table.round({c: d for c, d in decimals.items() if c in table.columns})
    return out.assign(n=[rule.rounded(n) for n in table["n"]], note="")


def _topics(
    system: System,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    hidden: set[Key],
    rule: Disclosure,
) -> dict[str, pd.DataFrame]:
    users = word_users(responses)
    kept, least = ("kept", ALL), rule.min_respondents
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
        share = _share(system, key, kept, system.cells[kept].count, hidden, rule)
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
    """Agreement by theme; nothing of a theme that either gave to too few people.

    The measures are those of rounded counts, also of the responses that both gave it: with exact
    ones the few on which they differ could be counted.
    """
    table = result.themes
    sides = ("reference", "other")
    gone = np.array(
        [any((name, side, t) in hidden for side in sides) for t in table["theme"]], dtype=bool
    )
    few = rule.is_small(result.n)
    gone |= few
    n = np.nan if few else rule.rounded(result.n)
    first, second = (
        np.array([min(n, rule.rounded(v)) for v in table[f"positives_{s}"]], dtype=float)
        for s in sides
    )
    exact = table["f1"] * (table["positives_reference"] + table["positives_other"]) / 2
    both = np.minimum(_coarse_counts(exact.fillna(0), rule), np.minimum(first, second))
    b, c = first - both, second - both
    d = np.maximum(0, (0 if few else n) - both - b - c)
    square = table_2x2(both, b, c, d)
    new = {
        "precision": precision(both, c),
        "recall": recall(both, b),
        "f1": f1(both, b, c),
        "negative_agreement": negative_agreement(b, c, d),
        "kappa": cohen_kappa(square),
        "ac1": gwet_ac1(square),
        "pabak": pabak(square),
    }
    # What was not defined on exact counts stays so.
    kept = {m: np.where(gone | table[m].isna(), np.nan, v).round(2) for m, v in new.items()}
    out = table.assign(n=n, **kept)
    for side, count in zip(sides, (first, second), strict=True):
        out[f"positives_{side}"] = np.where(gone, np.nan, count)
        base = n if result.n >= rule.min_base else np.nan
        out[f"share_{side}"] = out[f"positives_{side}"] / base
    for measure in ("f1", "kappa"):
        out = _outward(out, measure, f"{measure}_low", f"{measure}_high", _step(rule) / 100)
    limit = np.where(table["kappa"].isna() & ~gone, "kappa is not estimable", "")
    return out.assign(note=np.where(gone, WITHHELD, limit))


def _agreement_years(
    system: System, name: str, hidden: set[Key], rule: Disclosure, *, weighted: bool = False
) -> pd.DataFrame:
    """Shares of both coders by year, of the responses that both saw, and their difference.

    Its interval takes the coders as independent, so it is wider than that of the pairs, which would
    tell on how many responses they differ. Agreement is not weighted; shares corrected by it are.
    ``effect`` is the design effect of the reference's share, which is not published.
    """
    one, two, both = system.compared[name]
    years = [y for y, ids in sorted(system.by_year.items()) if ids & both]
    wave = {i: at for at, y in enumerate(years) for i in system.by_year[y] & both}
    parts = []
    for side, codes in (("reference", one), ("other", two)):
        model, rows = _model(system, codes, wave, weighted=weighted), []
        for i, theme in enumerate(codes.themes):
            for at, year in enumerate(years if theme in one.themes and theme in two.themes else ()):
                keys = (name, side, theme, year), (name, "base", year)
                effective = model.effective[at, i]
                row = _share(system, *keys, effective, hidden, rule, weighted=weighted)
                effect = max(1.0, system.cells[keys[1]].count / effective)
                rows.append({"theme": theme, "year": year, "effect": effect} | row)
        parts.append(pd.DataFrame(rows, columns=_SHARE_OF_YEAR))
    table = beside(parts[0], parts[0][["theme", "year"]].merge(parts[1]))
    return table.assign(effect=parts[0]["effect"])


_SHARE_OF_YEAR = ["theme", "year", "count", "n", "estimate", "low", "high", "note", "effect"]


def _step(rule: Disclosure) -> int:
    """What counts of two coders together are rounded to: a rule that does not round is no help."""
    return 1 if rule.min_respondents == 1 else max(5, rule.round_to)


def _coarse_counts(counts: Any, rule: Disclosure) -> np.ndarray:
    step = _step(rule)
    return np.asarray((np.asarray(counts, dtype=float) + step / 2) // step * step)


def _outward(table: pd.DataFrame, estimate: str, low: str, high: str, step: float) -> pd.DataFrame:
    """Round an interval outwards to multiples of ``step``, so that it holds the estimate."""
    middle = table[estimate].to_numpy(dtype=float)
    down = np.floor(np.round(table[low].to_numpy(dtype=float) / step, 6)) * step
    up = np.ceil(np.round(table[high].to_numpy(dtype=float) / step, 6)) * step
    # Where there is no estimate, the least and the most are missing too.
    ends = {low: np.minimum(down, middle), high: np.maximum(up, middle)}
    return table.assign(**{name: end.round(2) for name, end in ends.items()})


def _convergence(result: Comparison, themes: pd.DataFrame) -> pd.DataFrame:
    """The convergence matrix, of the themes whose agreement is shown."""
    known = themes.set_index("theme")
    table = result.convergence
    rows = known.reindex(table["theme"]).reset_index(drop=True)
    shown = rows["positives_reference"].notna().to_numpy()
    columns = [c for c in ("theme", "label", "proposed", "rating", "rater", "rationale", "partner")
               if c in table.columns]  # fmt: skip
    out = table[[*columns, "low", "high"]].reset_index(drop=True)
    text = [c for c in columns if c not in ("theme", "label")]
    out = out.assign(
        **{c: out[c].where(shown, "") for c in text},
        f1=rows["f1"],
        share_difference=rows["share_other"] - rows["share_reference"],
        n=rows["n"],
        note=np.where(shown, "", WITHHELD),
    )
    out = _outward(out, "share_difference", "low", "high", 0.01)
    return out[[*columns, "f1", "share_difference", "low", "high", "n", "note"]]


def _matches(
    result: Comparison,
    behind: Mapping[tuple[str, str], int],
    themes: pd.DataFrame,
    rule: Disclosure,
) -> pd.DataFrame:
    """Pairs of themes given to the same responses of enough people; F1 of rounded counts."""
    known = themes.set_index("theme")
    pairs = ["reference_theme", "other_theme"]
    first, second = (
        known[f"positives_{side}"].reindex(result.matches[f"{side}_theme"]).to_numpy(dtype=float)
        for side in ("reference", "other")
    )
    enough = [
        behind.get((a, b), n) >= rule.min_respondents
        for a, b, n in result.matches[[*pairs, "n_both"]].itertuples(index=False)
    ]
    n = np.minimum(_coarse_counts(result.matches["n_both"], rule), np.minimum(first, second))
    out = result.matches[[*pairs, "matched"]].assign(n_both=n, f1=f1(n, first - n, second - n))
    shown: pd.DataFrame = out[np.asarray(enough, dtype=bool) & ~np.isnan(n)]
    return shown.reset_index(drop=True).round(2)


def _resolution(topics: Topics, rule: Disclosure) -> pd.DataFrame:
    """The numbers of topics that were tried; no size of a topic that is too small."""
    table = topics.resolution
    small = table["smallest"] < rule.min_respondents
    size = [np.nan if s else rule.rounded(n) for s, n in zip(small, table["smallest"], strict=True)]
    return table.round(2).assign(smallest=size)
