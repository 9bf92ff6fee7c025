"""How the share of each theme moves between survey years, with uncertainty.

One method serves the shares, changes and trends, and reduces to a published one whenever every
respondent gave a single response:

* **Design effect.** For each theme and year the variance of the share is taken between
  respondents and divided by the binomial variance. The responses count as ``n`` divided by that
  ratio (never less than 1). A year with fewer than 5 positives (or negatives) cannot estimate the
  ratio and takes that of all years together; a theme with fewer than 5 over all years takes each
  respondent's answers to be alike, the largest ratio there can be [1]_ [2]_.
* **Shares.** Wilson's score interval on that effective number [3]_.
* **Changes and slopes.** The Wilson limits of the years are combined by the square-and-add rule,
  with the correlation between years that comes from respondents seen in both [4]_ [5]_ [6]_. For
  two independent samples this is Newcombe's hybrid score interval. No bootstrap is used
  for these, since its interval has no width at a count of 0.
* **p-values.** Score tests (variance at the pooled share) on the same effective numbers and
  correlations: for independent respondents the two-sample z test, Pearson's chi-square across
  years and the Cochran-Armitage test for trend [1]_.
* **Distances.** Bootstrap and permutation of whole respondents.

References
----------
.. [1] Rao JNK, Scott AJ (1992). A simple method for the analysis of clustered binary data.
   *Biometrics* 48:577-585.
.. [2] Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected
   number of positive counts estimated from survey data. *Survey Methodology* 24:193-201.
.. [3] Wilson EB (1927). *J Am Stat Assoc* 22:209-212.
.. [4] Newcombe RG (1998). Interval estimation for the difference between independent
   proportions. *Stat Med* 17:873-890 (independent) and 17:2635-2650 (paired).
.. [5] Zou GY, Donner A (2008). Construction of confidence limits about effect measures: a general
   approach. *Stat Med* 27:1693-1702.
.. [6] Zou GY, Huang W, Zhang X (2009). A note on confidence interval estimation for a linear
   function of binomial proportions. *Comput Stat Data Anal* 53:1080-1085.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._checks import InputError, listed, require_columns
from iapt_topics._drift_model import FEW_POSITIVES, Floats, ShareModel, Sums, share_model, sum_cells
from iapt_topics.inference import (
    benjamini_hochberg,
    holm,
    jensen_shannon_rows,
    percentile_interval,
    resample_counts,
    smallest_detectable,
)

if TYPE_CHECKING:
    from iapt_topics.codes import Codes
    from iapt_topics.responses import Responses

_COLUMNS = {
    "shares": ["theme", "year", "count", "n", "estimate", "low", "high", "n_respondents", "note"],
    "changes": [
        *("theme", "year", "against", "kind", "estimate", "low", "high", "n"),
        *("p", "p_bh", "p_holm", "smallest_detectable", "note"),
    ],
    "trends": ["theme", "test", "estimate", "low", "high", "n", "p", "p_bh", "p_holm", "note"],
    "distances": ["year", "against", "estimate", "low", "high", "n", "chance", "p", "note"],
}
#: Below this many responses, a year is said to be small.
FEW_RESPONSES = 30
_N_PERMUTATIONS = 500
_BATCH_CELLS = 20_000_000


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Drift:
    """Theme shares by year, and what can be said about their change.

    All shares and changes are fractions (0.10 is ten percentage points). Intervals are 95 %.

    Attributes
    ----------
    shares : pandas.DataFrame
        Key (theme, year), every theme in every year, by theme (order of ``themes``) then year.
        ``count`` responses with the theme; ``n`` kept responses that the coder saw in that year
        (the denominator); ``estimate`` = count / n with ``low``, ``high``; ``n_respondents``
        people behind ``n``; ``note``. A year with no coded response has n = 0 and NaN.
    changes : pandas.DataFrame
        Key (kind, theme, year), in that order. ``kind`` "baseline" compares each other coded year
        with the baseline, "previous" with the coded year before; ``against`` is the year compared
        with. ``estimate`` = share in ``year`` minus share in ``against``; ``low``, ``high``; ``n``
        responses in both years together; ``p`` two-sided; ``p_bh`` (Benjamini-Hochberg) and
        ``p_holm`` over all themes and years of the same kind; ``smallest_detectable`` the change
        in share that these effective numbers would detect with 80 % power at the two-sided 5 %
        level (it takes the years as independent); ``note``. Empty with fewer than two coded years.
    trends : pandas.DataFrame
        Key (test, theme), in that order. ``test`` "omnibus": is the share equal in all years?
        ``estimate`` = highest minus lowest share, which has no interval (NaN, said in the note).
        "linear": least-squares slope of the share per calendar year, ``low``, ``high``. ``n``
        responses of all years; ``p``; ``p_bh``, ``p_holm`` over all themes of the same test;
        ``note``. Empty with fewer than two coded years.
    distances : pandas.DataFrame
        Key (year, against), in that order; every coded year against the baseline and the year
        before. ``estimate`` = Jensen-Shannon distance (base 2, 0 to 1) between the years' shares
        of all theme codings (responses with no theme do not enter). Noise raises a distance, so
        read it beside ``chance``, the 95th percentile when whole respondents are dealt to the two
        years at random, and ``p`` from the same 500 permutations. ``low``, ``high``: basic
        bootstrap over respondents on the squared distance, which removes that rise; ``high`` is
        never put below ``estimate``. ``n`` responses in both years. NaN, with a note, when a year
        has no theme at all.
    baseline : int
        Baseline year.
    years : tuple of int
        Every year with kept responses, rising.
    themes : tuple of str
        Theme ids in the order of the codes.
    coder : str
        Name of the coder whose codes were measured.
    """

    shares: pd.DataFrame
    changes: pd.DataFrame
    trends: pd.DataFrame
    distances: pd.DataFrame
    baseline: int
    years: tuple[int, ...]
    themes: tuple[str, ...]
    coder: str

    def __post_init__(self) -> None:
        for name in _COLUMNS:
            require_columns(getattr(self, name), _COLUMNS[name], f"Drift.{name}")
        if self.baseline not in self.years:
            raise InputError(
                "baseline", "must be one of the years", str(self.baseline), "Use one of them."
            )


def require_baseline(baseline: int, years: Sequence[int]) -> None:
    """Raise :class:`InputError` unless ``baseline`` is one of the years with coded responses."""
    if baseline not in years:
        raise InputError(
            "baseline",
            "must be a year with coded responses",
            str(baseline),
            f"Choose one of {listed(years, most=50)}.",
        )


def _distance(sums: Sums, a: int, b: int, n_boot: int, seed: int) -> dict[str, Any]:
    """Distance of coded year ``a`` from coded year ``b``, with interval and chance level."""
    none = dict.fromkeys(("estimate", "low", "high", "chance", "p"), float("nan"))
    if not (sums.count[a].any() and sums.count[b].any()):
        return none | {"note": "No theme was given in one of the years, so no distance exists."}
    estimate = float(jensen_shannon_rows(sums.count[a], sums.count[b]))
    in_a, in_b = sums.year == a, sums.year == b
    both = np.intersect1d(sums.person[in_a], sums.person[in_b])
    one_a, one_b = (sums.cell_count[w][~np.isin(sums.person[w], both)] for w in (in_a, in_b))
    # Cells are sorted by person within a year, so these two line up.
    two_a, two_b = (sums.cell_count[w][np.isin(sums.person[w], both)] for w in (in_a, in_b))
    total = sums.count[a] + sums.count[b]
    single = np.concatenate([one_a, one_b])
    rng = np.random.default_rng([seed, a, b])
    size = max(1, _BATCH_CELLS // (len(single) + len(both)))
    chance: list[Floats] = []
    for k in _batches(_N_PERMUTATIONS, size):
        dealt = np.zeros((k, len(single)), np.float32)
        dealt[:, : len(one_a)] = 1
        swapped = rng.integers(0, 2, (k, len(both))).astype(np.float32)
        to_a = rng.permuted(dealt, axis=1) @ single + two_a.sum(0) + swapped @ (two_b - two_a)
        chance.append(jensen_shannon_rows(to_a, np.clip(total - to_a, 0, None)))
    draws: list[Floats] = []
    for k in _batches(n_boot, size):
        w_a, w_b, w_both = (
            resample_counts(len(x), k, rng).astype(np.float32) for x in (one_a, one_b, both)
        )
        draws.append(
            jensen_shannon_rows(w_a @ one_a + w_both @ two_a, w_b @ one_b + w_both @ two_b)
        )
    null = np.concatenate(chance)
    low, high = percentile_interval(np.concatenate(draws) ** 2)
    return {
        "estimate": estimate,
        "low": float(np.sqrt(np.clip(2 * estimate**2 - high, 0.0, 1.0))),
        "high": max(estimate, float(np.sqrt(np.clip(2 * estimate**2 - low, 0.0, 1.0)))),
        "chance": float(np.nanquantile(null, 0.95)),
        "p": float((1 + (null >= estimate - 1e-9).sum()) / (1 + len(null))),
        "note": "",
    }


def _batches(total: int, size: int) -> list[int]:
    return [min(size, total - done) for done in range(0, total, size)]


def _small(sizes: Sequence[float]) -> list[str]:
    small = min(sizes) < FEW_RESPONSES
    return [f"n below {FEW_RESPONSES}{' in a year' if len(sizes) > 1 else ''}."] if small else []


def _adjusted(rows: list[pd.DataFrame], family: str, name: str) -> pd.DataFrame:
    """Stack the rows, adjust p within each family, and put the columns in order."""
    if not rows:
        return _empty(name)
    table = pd.concat(rows, ignore_index=True)
    grouped = table.groupby(family, sort=False)["p"]
    table["p_bh"] = grouped.transform(lambda p: benjamini_hochberg(p.to_numpy()))
    table["p_holm"] = grouped.transform(lambda p: holm(p.to_numpy()))
    return table[_COLUMNS[name]]


def _empty(name: str) -> pd.DataFrame:
    kinds = {"theme": "str", "test": "str", "kind": "str", "note": "str"}
    kinds |= {"year": "int64", "against": "int64", "n": "int64"}
    return pd.DataFrame({c: pd.Series([], dtype=kinds.get(c, "float64")) for c in _COLUMNS[name]})


def coded_responses(
    codes: Codes, responses: Responses
) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Kept responses that the coder saw, with ``person``; and notes by year on those left out."""
    from iapt_topics.answering import changed_mix

    kept, seen = responses.kept, codes.seen
    was_seen = kept["response_id"].isin(seen["response_id"])
    data = kept.loc[was_seen, ["response_id", "respondent_id", "year"]]
    if data.empty:
        raise InputError(
            "codes",
            "must cover at least one kept response",
            f"{len(seen)} seen and {len(kept)} kept with no response_id in common",
            "Check that both files name the responses in the same way.",
        )
    known = responses.table.set_index("response_id")["year"]
    left = seen.loc[~seen["response_id"].isin(kept["response_id"]), "response_id"]
    unknown = int((~left.isin(known.index)).sum())
    not_kept = known.loc[known.index.isin(left)].value_counts()
    not_seen = kept.loc[~was_seen, "year"].value_counts()
    notes: dict[int, list[str]] = {}
    moved = changed_mix(responses)
    for year in responses.years:
        notes[year] = lines = []
        if k := int(not_seen.get(year, 0)):
            lines.append(f"{k} kept responses of this year were not seen by the coder.")
        if k := int(not_kept.get(year, 0)):
            lines.append(f"{k} responses that the coder saw are not kept, so are not counted.")
        if unknown:
            lines.append(f"{unknown} responses that the coder saw are not in the responses.")
        if moved:
            lines.append(f"Pooled questions, though their mix changed by year: {moved}.")
    # A blank respondent is looked up in the codes; failing that, the response stands alone.
    own = data["respondent_id"].to_numpy(object)
    lookup = seen.set_index("response_id")["respondent_id"].reindex(data["response_id"])
    other, alone = lookup.to_numpy(object), data["response_id"].to_numpy(object)
    person = [
        f"p:{o}" if o else f"p:{s}" if s else f"r:{r}"
        for o, s, r in zip(own, other, alone, strict=True)
    ]
    return data.assign(person=person), notes


def measure_drift(
    codes: Codes,
    responses: Responses,
    *,
    baseline: int | None = None,
    n_boot: int = 1000,
    seed: int = 0,
) -> Drift:
    """Measure each theme's share by year, its changes and trend, and how far the years lie apart.

    The denominator of a year is its kept responses that the coder saw. The two are joined on
    response_id; responses on one side only are counted in the notes of ``shares``. Rows may come
    in any order. See the module's notes for the methods.

    Parameters
    ----------
    codes : Codes
        What one coder gave.
    responses : Responses
        The survey.
    baseline : int, optional
        Year to compare with; the first coded year if None.
    n_boot : int
        Bootstrap draws for the intervals of ``distances``, at least 1. The other intervals are
        worked out exactly as the module's notes say and need no draws.
    seed : int
        Seed of the bootstrap and the permutations, at least 0.

    Returns
    -------
    Drift
        Shares, changes, trends and distances, each with intervals and notes.

    Raises
    ------
    InputError
        If no kept response was seen, the baseline is not a coded year, or ``n_boot`` or ``seed``
        is out of range.
    """
    if n_boot < 1 or seed < 0:
        raise InputError(
            "n_boot and seed",
            "must be at least 1 and at least 0",
            f"{n_boot} and {seed}",
            "Use e.g. n_boot=1000, seed=0.",
        )
    data, notes = coded_responses(codes, responses)
    years, year_of = np.unique(data["year"].to_numpy(np.int64), return_inverse=True)
    base = int(years[0]) if baseline is None else int(baseline)
    require_baseline(base, years.tolist())
    themes = tuple(codes.themes)
    given = codes.matrix(data["response_id"].tolist(), themes)
    _, person = np.unique(data["person"].to_numpy(str), return_inverse=True)
    sums = sum_cells(person, year_of, given)
    model = share_model(sums)
    at_base = int(np.flatnonzero(years == base)[0])
    later = range(1, len(years))
    pairs = [("baseline", i, at_base) for i in range(len(years)) if i != at_base]
    pairs += [("previous", i, i - 1) for i in later]
    return Drift(
        shares=_shares(sums, model, themes, years.tolist(), notes),
        changes=_changes(sums, model, themes, years, pairs),
        trends=_trends(sums, model, themes, years),
        distances=_distances(sums, years, pairs, n_boot, seed),
        baseline=base,
        years=tuple(responses.years),
        themes=themes,
        coder=codes.coder,
    )


def _shares(
    sums: Sums,
    model: ShareModel,
    themes: tuple[str, ...],
    years: list[int],
    notes: dict[int, list[str]],
) -> pd.DataFrame:
    rows = []
    nan = np.full(len(themes), np.nan)
    for year, lines in notes.items():
        row: dict[str, Any] = {"theme": list(themes), "year": year, "place": range(len(themes))}
        if year not in years:
            row |= {"count": 0, "n": 0, "n_respondents": 0, "estimate": nan, "low": nan}
            row |= {"high": nan, "note": " ".join(["No response of this year was coded.", *lines])}
        else:
            y = years.index(year)
            size, people = int(sums.n[y]), int(sums.people[y])
            said = [*_small([size]), *lines]
            if people < size:
                said.append("Interval allows for several responses from one respondent.")
            if len(years) == 1:
                said.append("Only one year was coded, so no change can be measured.")
            row |= {"count": sums.count[y].astype(int), "n": size, "n_respondents": people}
            row |= {"estimate": model.share[y], "low": model.low[y], "high": model.high[y]}
            row["note"] = " ".join(said)
        rows.append(pd.DataFrame(row))
    table = pd.concat(rows, ignore_index=True).sort_values(["place", "year"], kind="stable")
    return table[_COLUMNS["shares"]].reset_index(drop=True)


def _changes(
    sums: Sums,
    model: ShareModel,
    themes: tuple[str, ...],
    years: NDArray[np.int64],
    pairs: list[tuple[str, int, int]],
) -> pd.DataFrame:
    rows = []
    for kind, a, b in pairs:
        c = np.zeros(len(years))
        c[a], c[b] = 1.0, -1.0
        estimate, low, high, p = model.contrast(c)
        size = sums.n[[a, b]]
        few = sums.count[[a, b]].max(axis=0) < FEW_POSITIVES
        shared = len(np.intersect1d(sums.person[sums.year == a], sums.person[sums.year == b]))
        said = _small(size.tolist())
        if shared:
            said.append(f"{shared} respondents are in both years; this is allowed for.")
        rare = f"Fewer than {FEW_POSITIVES} positives in both years."
        detectable = smallest_detectable(model.share[b], model.effective[b], model.effective[a])
        row = {
            "theme": list(themes),
            "place": range(len(themes)),
            "year": int(years[a]),
            "against": int(years[b]),
            "kind": kind,
            "estimate": estimate,
            "low": low,
            "high": high,
            "n": int(size.sum()),
            "p": p,
            "smallest_detectable": detectable,
            "note": [
                " ".join(
                    ([rare] if f else [])
                    + said
                    + (["No change is large enough to detect."] if np.isnan(d) else [])
                )
                for f, d in zip(few, detectable, strict=True)
            ],
        }
        rows.append(pd.DataFrame(row))
    if rows:
        stacked = pd.concat(rows, ignore_index=True)
        rows = [stacked.sort_values(["kind", "place", "year"], kind="stable")]
    return _adjusted(rows, "kind", "changes")


def _trends(
    sums: Sums, model: ShareModel, themes: tuple[str, ...], years: NDArray[np.int64]
) -> pd.DataFrame:
    if len(years) == 1:
        return _empty("trends")
    centred = years - np.average(years, weights=sums.n)
    estimate, low, high, p = model.contrast(sums.n * centred / (sums.n * centred**2).sum())
    few = sums.count.max(axis=0) < FEW_POSITIVES
    said = " ".join(_small(sums.n.tolist()))
    rare = f"Fewer than {FEW_POSITIVES} positives in every year. "
    notes = [((rare if f else "") + said).strip() for f in few]
    shared: dict[str, Any] = {"theme": list(themes), "n": int(sums.n.sum())}
    spread = {
        "test": "omnibus",
        "estimate": model.share.max(axis=0) - model.share.min(axis=0),
        "low": np.nan,
        "high": np.nan,
        "p": model.omnibus(),
        "note": [
            f"Highest minus lowest share; a range has no interval. {x}".strip() for x in notes
        ],
    }
    slope = {
        "test": "linear",
        "estimate": estimate,
        "low": low,
        "high": high,
        "p": p,
        "note": notes,
    }
    rows = [pd.DataFrame(shared | spread), pd.DataFrame(shared | slope)]
    return _adjusted(rows, "test", "trends")


def _distances(
    sums: Sums,
    years: NDArray[np.int64],
    pairs: list[tuple[str, int, int]],
    n_boot: int,
    seed: int,
) -> pd.DataFrame:
    rows = []
    for a, b in sorted({(a, b) for _, a, b in pairs}):
        size = sums.n[[a, b]]
        row = _distance(sums, a, b, n_boot, seed)
        row["note"] = " ".join([*filter(None, [row["note"]]), *_small(size.tolist())])
        keys = {"year": int(years[a]), "against": int(years[b]), "n": int(size.sum())}
        rows.append(row | keys)
    return pd.DataFrame(rows)[_COLUMNS["distances"]] if rows else _empty("distances")
