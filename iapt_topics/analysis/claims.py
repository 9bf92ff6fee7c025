"""The claims of a report as values that can be compared: what one specification says of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.status import CORRECTED, FELL, NO_CHANGE, ROSE, SIGNIFICANT, UNCHECKED
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.drift.machine_error import corrected_tests
from iapt_topics.study.derived import add_status, pole_difference

if TYPE_CHECKING:
    from iapt_topics.codes.codes import Codes
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.study.study import Study
    from iapt_topics.topics.topics import Topics

#: What a specification says of a claim: one row each.
COLUMNS = ["claim", "estimate", "low", "high", "p", "result"]
#: What a change or trend in machine codes alone is called: it is not found.
HIGHER, LOWER = "higher in machine codes", "lower in machine codes"
NO_TREND = "no significant trend"
#: Lower limit of macro-F1 from which the machine counts as checked, as on the report's badge.
FAIR = 0.5
#: Jaccard index above which a topic lives on in another fit (Hennig 2007).
LIVES_ON = 0.5

Row = tuple[str, float, float, float, float, str]


def claims_of_themes(study: Study, codes: Codes) -> pd.DataFrame:
    """What codes of the survey say of each claim on its themes.

    Parameters
    ----------
    study : Study
        Whose claims they are: the people, the baseline and which changes are checked.
    codes : Codes
        By another specification, or the study's own.

    Returns
    -------
    DataFrame
        ``claim`` ("change: S1", "trend: S1", "largest theme", "poles", "agreement", "benchmark"),
        ``estimate``, ``low``, ``high``, ``p`` (adjusted), ``result`` ("" where none can be said).
    """
    rows = [*_changes(study, codes), *_largest(study, codes), *_poles(study, codes)]
    rows += _agreement(study, codes)
    return pd.DataFrame(rows, columns=COLUMNS)


def _changes(study: Study, codes: Codes) -> list[Row]:
    """The change of each theme to the last year and its trend, corrected where the study's are."""
    own = study.drift
    of_own = own.changes[own.changes["kind"] == "baseline"]
    if of_own.empty:
        return []
    last = int(of_own["year"].max())  # of the study, whatever years others have
    try:
        drift = measure_drift(codes, study.responses, baseline=own.baseline, n_boot=1)
    except InputError:  # nothing of the baseline is left
        drift = None
    figures: dict[str, dict[Any, dict[Any, Any]]] = {"change": {}, "trend": {}}
    if drift is not None:
        figures = {
            "change": _by_theme(drift.changes, kind="baseline", year=last),
            "trend": _by_theme(drift.trends, test="linear"),
        }
    checked = {
        "change": _by_theme(study.tables["drift_changes"], kind="baseline", year=last),
        "trend": _by_theme(study.tables["drift_trends"], test="linear"),
    }
    # Two years have a change and no trend beside it.
    kinds = ("change", "trend") if len(own.years) > 2 else ("change",)
    by_hand = _corrected(study, codes, last)
    level = {"change": NO_CHANGE, "trend": NO_TREND}
    rows: list[Row] = []
    for kind in kinds:
        for theme in own.themes:
            said = checked[kind].get(theme, {}).get("checked", UNCHECKED)
            table = by_hand if said == CORRECTED else figures
            names = (LOWER, HIGHER) if said == UNCHECKED else (FELL, ROSE)
            row = table.get(kind, {}).get(theme, {})
            rows.append(_tested(f"{kind}: {theme}", row, *names, level[kind]))
    return rows


def _by_theme(table: pd.DataFrame, **of: object) -> dict[Any, dict[Any, Any]]:
    """Rows with these values by their theme."""
    for column, value in of.items():
        table = table[table[column] == value]
    return {r["theme"]: r for r in table.to_dict("records")}


def _corrected(study: Study, codes: Codes, year: int) -> dict[str, dict[Any, dict[Any, Any]]]:
    """Figures as corrected by people's codes, where those of the study are."""
    if "corrected_changes" not in study.tables:
        return {}
    try:
        changes, trends = corrected_tests(
            codes, study.human[0], study.responses, study.drift.baseline
        )
    except InputError:  # no hand-coded response is left
        return {}
    return {
        "change": _by_theme(changes, year=year),
        "trend": _by_theme(trends, test="linear"),
    }


def _tested(claim: str, r: dict[Any, Any], down: str, up: str, level: str) -> Row:
    """A change with what is said of it, as in a study: by its adjusted p."""
    figures = (float(r.get(c, np.nan)) for c in ("estimate", "low", "high", "p_bh"))
    estimate, low, high, p = figures
    result = ""
    if np.isfinite(estimate) and np.isfinite(p):
        result = level if p >= SIGNIFICANT else up if estimate > 0 else down
    return claim, estimate, low, high, p, result


def _largest(study: Study, codes: Codes) -> list[Row]:
    """Which theme the most responses have."""
    seen = study.responses.kept["response_id"].isin(codes.seen["response_id"])
    count = codes.table["theme"].value_counts()
    if count.empty or not seen.any():
        return [("largest theme", np.nan, np.nan, np.nan, np.nan, "")]
    order = count.reindex(list(codes.themes)).fillna(0)  # of equals the first of the codebook
    return [
        (
            "largest theme",
            float(order.max() / seen.sum()),
            np.nan,
            np.nan,
            np.nan,
            str(order.idxmax()),
        )
    ]


def _poles(study: Study, codes: Codes) -> list[Row]:
    """Which pole is mentioned more often in the last year."""
    frame = study.mapping.frame
    if study.axis_drift is None:
        return []
    gap: Any = dict.fromkeys(("estimate", "low", "high"), np.nan)
    last = study.axis_drift.shares["year"].max()
    try:
        classes = measure_drift(
            axis_codes(codes, frame), study.responses, baseline=study.drift.baseline, n_boot=1
        ).shares
        rows = pole_difference(add_status(classes)).set_index("year")
        gap = rows.loc[last] if last in rows.index else gap
    except InputError:  # nothing of the baseline is left
        pass
    estimate, low, high = (float(gap[c]) for c in ("estimate", "low", "high"))
    result = ""
    if np.isfinite([estimate, low, high]).all():
        one, two = frame.axis or ("", "")
        clear = low > 0 or high < 0
        result = f"{two if estimate > 0 else one} more often" if clear else "no clear difference"
    return [("poles", estimate, low, high, np.nan, result)]


def _agreement(study: Study, codes: Codes) -> list[Row]:
    """Whether macro-F1 with people is fair, and how it stands to that of two people."""
    if study.comparison is None or study.codes.kind == "human":
        return []
    found: Any
    try:
        found = compare_codes(
            study.human[0], codes, responses=study.responses, n_boot=1,
            seed=study.topics.config.seed,
        ).overall.set_index("measure").loc["f1_macro"]  # fmt: skip
    except InputError:  # no response that both coded is left
        found = dict.fromkeys(("estimate", "low", "high"), np.nan)
    estimate, low, high = (float(found[c]) for c in ("estimate", "low", "high"))
    known = np.isfinite(estimate)
    least = low if np.isfinite(low) else estimate
    fair = f"{'at least' if least >= FAIR else 'not shown to be at least'} {FAIR:.1f}"
    rows: list[Row] = [("agreement", estimate, low, high, np.nan, fair if known else "")]
    if study.benchmark is not None:
        of = study.benchmark.overall
        people = float(dict(zip(of["measure"], of["estimate"], strict=True))["f1_macro"])
        way = "below two people" if estimate < people else "not below two people"
        both = known and np.isfinite(people)
        rows.append(("benchmark", estimate, low, high, np.nan, way if both else ""))
    return rows


def claims_of_topics(study: Study, topics: Topics, mapping: TopicMapping) -> pd.DataFrame:
    """What other topics of the same responses say of each of the study's topics.

    Returns
    -------
    DataFrame
        As :func:`claims_of_themes`, by "topic: 0", ...: ``estimate`` is the Jaccard index of the
        topic and the one that shares most with it; ``result`` is that topic's best theme, "no
        theme", or "not found" at an index of one half or less.
    """
    own = study.topics.assignments.set_index("response_id")["topic"]
    other = topics.assignments.set_index("response_id")["topic"].reindex(own.index)
    both = pd.crosstab(own, other).loc[lambda t: t.index >= 0, lambda t: t.columns >= 0]
    sizes = own.value_counts(), other.value_counts()
    chosen = mapping.scores[mapping.scores["chosen"]].sort_values("score", ascending=False)
    best = chosen.drop_duplicates("topic").set_index("topic")["theme"]
    rows: list[Row] = []
    for topic in both.index:
        shared = both.loc[topic]
        index = shared / (
            sizes[0][topic] + sizes[1].reindex(shared.index).to_numpy() - shared.to_numpy()
        )
        near, jaccard = index.idxmax(), float(index.max())
        result = best.get(near, "no theme") if jaccard > LIVES_ON else "not found"
        rows.append((f"topic: {topic}", jaccard, np.nan, np.nan, np.nan, str(result)))
    return pd.DataFrame(rows, columns=COLUMNS)
