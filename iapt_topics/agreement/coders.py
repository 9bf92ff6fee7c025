"""More than two coders: agreement of all with all, and who codes what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.errors import InputError, require_names, require_unique
from iapt_topics._base.result import Result
from iapt_topics._base.status import (
    ESTIMATED,
    FEW_PEOPLE,
    NO_ERROR,
    NO_INTERVAL,
    NOT_ESTIMABLE,
)
from iapt_topics.agreement.tables import MIN_POSITIVES, TOO_FEW
from iapt_topics.codes.codes import Codes, attach_respondents, spread
from iapt_topics.stats.many_coders import (
    conger_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    many_coder_ac1,
    many_coder_set_alpha,
)
from iapt_topics.stats.resampling import cluster_weights, percentile_interval
from iapt_topics.survey.responses import Responses, cluster_ids

#: Whom a response is for, in a plan of who codes what.
ONE, ALL, AGAIN = "one coder", "all coders", "again"
_OVERALL = ("alpha_masi", "alpha_jaccard", "alpha_nominal")
_BY_THEME: dict[str, Callable[[NDArray[np.object_], Floats], Floats]] = {
    "alpha": krippendorff_alpha,
    "fleiss_kappa": fleiss_kappa,
    "conger_kappa": conger_kappa,
    "ac1": lambda labels, weights: many_coder_ac1(labels, weights, n_labels=2),
}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class CoderAgreement(Result):
    """Agreement among two coders or more. Made by :func:`compare_coders`.

    Not every coder need have coded every response: what counts is responses that two at least
    coded. Intervals are 95 % percentiles of a bootstrap of respondents. ``interval_status``:
    "estimated", "no disagreement" (the coders never differ), "too few respondents", or "not
    estimable".

    Attributes
    ----------
    coders : pandas.DataFrame
        Key ``coder``: ``n`` (responses coded), ``n_shared`` (of these, by another coder too),
        ``codes_per_response`` (over the shared ones), ``alpha_without`` (``alpha_masi`` of the
        others alone: higher than that of all, if this coder differs most).
    overall : pandas.DataFrame
        Key ``measure``: ``alpha_masi``, ``alpha_jaccard`` (Krippendorff's alpha of the sets of
        themes), ``alpha_nominal`` (sets are the same or not); ``estimate``, ``low``, ``high``,
        ``interval_status``, ``n`` (responses that two coders at least coded), ``note``.
    themes : pandas.DataFrame
        Key (``theme``, ``measure``): ``alpha`` (Krippendorff's, nominal), ``fleiss_kappa``,
        ``conger_kappa``, ``ac1`` (Gwet's); ``label``, ``estimate``, ``low``, ``high``,
        ``interval_status``, ``n``, ``positives`` (responses to which a coder at least applied the
        theme), ``note``. With fewer than 10 positives, or a coder whose code set lacks the theme
        and one other alone, nothing is estimated.

    References
    ----------
    Krippendorff K (2019). *Content Analysis*, 4th ed. Sage. Gwet KL (2014). *Handbook of
    Inter-Rater Reliability*, 4th ed. Advanced Analytics.
    """

    coders: pd.DataFrame
    overall: pd.DataFrame
    themes: pd.DataFrame

    _view = ("coders", "overall", "themes")

    def _title(self) -> str:
        return f"Agreement of {len(self.coders)} coders, {int(self.overall['n'].max()):,} responses"


def compare_coders(
    coders: Sequence[Codes],
    *,
    responses: Responses | None = None,
    n_boot: int = 1000,
    seed: int = 7,
) -> CoderAgreement:
    """Estimate agreement among two or more coders, who need not have coded the same responses.

    Parameters
    ----------
    coders : sequence of Codes
        Two at least, each of another name. For one coder who coded twice, use
        :func:`iapt_topics.compare_codes`.
    responses : Responses, optional
        The survey, for respondents that the codes do not name.
    n_boot : int, default 1000
        Bootstrap draws, of respondents.
    seed : int, default 7
        Seed of the bootstrap.

    Returns
    -------
    CoderAgreement
        Over responses that two coders at least coded, and that none was trained on.

    Raises
    ------
    InputError
        If there are fewer than two coders, two of a name, no theme that all could apply, or no
        response that two coded.

    Examples
    --------
    >>> def coder(name, themes):
    ...     seen = pd.DataFrame({"response_id": list("abcd"), "respondent_id": list("pqrs")})
    ...     rows = [(r, t, np.nan) for r, t in zip("abcd", themes) if t]
    ...     table = pd.DataFrame(rows, columns=["response_id", "theme", "score"])
    ...     return Codes(coder=name, kind="human", themes=("S", "T"), seen=seen, table=table)
    >>> three = [coder("A", "SSTT"), coder("B", "SSTT"), coder("C", "SSTS")]
    >>> found = compare_coders(three, n_boot=50)
    >>> round(float(found.overall.set_index("measure").loc["alpha_nominal", "estimate"]), 3)
    0.686
    """
    if len(coders) < 2:
        raise InputError("coders", "must be two at least", str(len(coders)), "Give all in a list.")
    names = [c.coder for c in coders]
    require_unique(names, "the coders' names", "For one who coded twice, use compare_codes().")
    if responses is not None:
        coders = [attach_respondents(c, responses) for c in coders]
    common = [t for t in coders[0].themes if all(t in c.themes for c in coders)]
    if not common:
        raise InputError(
            "coders", "must have a theme that all could apply", "none in common",
            "Use one codebook for all.",
        )  # fmt: skip
    ids, people = _shared(coders)
    every = tuple(dict.fromkeys(t for c in coders for t in c.themes))
    sets = np.stack([spread(c, ids, every)[0] for c in coders], axis=1)
    coded = np.stack([np.isin(ids, c.seen["response_id"].to_numpy()) for c in coders], axis=1)
    weights = cluster_weights(people, n_boot, seed).astype(float)
    one = np.ones((1, len(ids)))
    each = np.concatenate([one, weights])
    known = [every.index(t) for t in common]
    overall = _overall_table(sets[:, :, known], coded, each, len(common) < len(every))
    labels = {t: next((c.labels[t] for c in coders if t in c.labels), t) for t in every}
    rows = []
    for j, theme in enumerate(every):
        able = np.array([theme in c.themes for c in coders])
        rows += _theme_rows(theme, labels[theme], sets[:, :, j], coded & able, each)
    without = [
        float(many_coder_set_alpha(np.delete(sets[:, :, known], g, 1), np.delete(coded, g, 1)))
        if len(coders) > 2
        else np.nan
        for g in range(len(coders))
    ]
    about = pd.DataFrame(
        {
            "coder": names,
            "n": [len(c.seen) for c in coders],
            "n_shared": coded.sum(axis=0),
            "codes_per_response": [
                float(sets[coded[:, g], g].sum() / max(1, coded[:, g].sum()))
                for g in range(len(coders))
            ],
            "alpha_without": without,
        }
    )
    return CoderAgreement(coders=about, overall=overall, themes=pd.DataFrame(rows))


def _shared(coders: Sequence[Codes]) -> tuple[list[str], NDArray[np.str_]]:
    """Responses that two coders at least coded, sorted, and the respondent of each."""
    learned = frozenset[str]().union(*(c.unmeasured for c in coders))
    times: dict[str, int] = {}
    who: dict[str, str] = {}
    for codes in coders:
        for response, person in codes.seen[["response_id", "respondent_id"]].itertuples(
            index=False
        ):
            times[response] = times.get(response, 0) + 1
            who[response] = who.get(response) or person
    ids = sorted(i for i, n in times.items() if n > 1 and i not in learned)
    if not ids:
        raise InputError(
            "coders", "must have responses that two of them coded, and none was trained on",
            f"none of {len(times)}", "Use the same response ids, or let coders overlap.",
        )  # fmt: skip
    table = pd.DataFrame({"respondent_id": [who[i] for i in ids], "response_id": ids})
    return ids, cluster_ids(table)


def _row(draws: Floats, n: int, differ: bool, note: str = "") -> dict[str, object]:
    """Estimate and interval of one measure: the first value, and the draws after it."""
    estimate = float(draws[0])
    low, high = (float(v) for v in percentile_interval(draws[1:]))
    status = ESTIMATED
    if np.isnan(estimate):
        status, low, high = NOT_ESTIMABLE, np.nan, np.nan
    elif not differ:
        status, low, high = NO_ERROR, np.nan, np.nan
    elif np.isnan(low) or low == high:
        status, low, high = FEW_PEOPLE, np.nan, np.nan
    note = "; ".join(x for x in (note, NO_INTERVAL.get(status, "")) if x)
    return {
        "estimate": estimate, "low": low, "high": high, "interval_status": status, "n": n,
        "note": note,
    }  # fmt: skip


def _overall_table(sets: Bools, coded: Bools, each: Floats, limited: bool) -> pd.DataFrame:
    n = len(sets)
    # A set as one label; themes are packed so that equal sets have equal bytes.
    packed = np.packbits(sets, axis=2)
    label = np.array([[bytes(v) for v in unit] for unit in packed], dtype=object)
    label[~coded] = None
    differ = any(len({v for v in unit if v is not None}) > 1 for unit in label)
    note = "over the themes that all coders could apply" if limited else ""
    draws = {
        "alpha_masi": many_coder_set_alpha(sets, coded, "masi", each),
        "alpha_jaccard": many_coder_set_alpha(sets, coded, "jaccard", each),
        "alpha_nominal": krippendorff_alpha(label, each),
    }
    return pd.DataFrame([{"measure": m} | _row(draws[m], n, differ, note) for m in _OVERALL])


def _theme_rows(
    theme: str, label: str, given: Bools, coded: Bools, each: Floats
) -> list[dict[str, object]]:
    use = coded.sum(axis=1) >= 2
    given, coded, each = given[use], coded[use], each[:, use]
    positives = int((given & coded).any(axis=1).sum())
    about: dict[str, object] = {"theme": theme, "label": label}
    if positives < MIN_POSITIVES:
        nothing = np.full(len(each), np.nan)
        rows = {m: _row(nothing, int(use.sum()), True, TOO_FEW) for m in _BY_THEME}
    else:
        # A coder whose code set lacks the theme is missing here, not one that disagrees.
        able = coded.any(axis=0)
        values = np.full(given.shape, None, dtype=object)
        values[coded] = given[coded]
        values = values[:, able]
        apart = (coded & given).any(axis=1) & (coded & ~given).any(axis=1)
        differ = bool(np.any(apart))
        rows = {
            m: _row(np.asarray(measure(values, each)), int(use.sum()), differ)
            for m, measure in _BY_THEME.items()
        }
    return [about | {"measure": m} | row | {"positives": positives} for m, row in rows.items()]


def plan_overlap(
    response_ids: Sequence[str],
    coders: Sequence[str],
    *,
    overlap: float = 0.2,
    again: float = 0.0,
    seed: int = 7,
) -> pd.DataFrame:
    """Plan who codes what: a part for all coders, the rest shared out, some a second time.

    Parameters
    ----------
    response_ids : sequence of str
        Responses to code, e.g. of :func:`iapt_topics.codes.next_to_code`.
    coders : sequence of str
        Names; one at least.
    overlap : float, default 0.2
        Part of the responses that every coder codes, 0 to 1, for agreement among coders.
    again : float, default 0
        Part of a coder's responses that come a second time, after all others, 0 to 1, for a coder's
        agreement with themselves.
    seed : int, default 7
        Of the draw and the order.

    Returns
    -------
    pandas.DataFrame
        ``coder``, ``turn`` (together the key; from 1, in the order to code), ``response_id``,
        ``part`` ("one coder", "all coders" or "again"). The overlap is mixed with the rest, so that
        nobody knows what others code too.

    Raises
    ------
    InputError
        If an id or a name is there twice, or none is, or a part is outside 0 to 1.

    Examples
    --------
    >>> plan = plan_overlap(list("abcdefghij"), ["A", "B"], overlap=0.2, again=0.5)
    >>> plan.groupby(["coder", "part"]).size().unstack().loc["A"].tolist()
    [3, 2, 4]
    """
    require_names(response_ids, "response_ids")
    require_names(coders, "coders")
    for what, values in (("response_ids", response_ids), ("coders", coders)):
        require_unique(list(values), what, "Give each one once.")
        if not len(values):
            raise InputError(what, "must be one at least", "none", "Name them.")
    for what, share in (("overlap", overlap), ("again", again)):
        if not 0 <= share <= 1:
            raise InputError(what, "must be from 0 to 1", repr(share), "Give a fraction.")
    rng = np.random.default_rng(seed)
    ids = [str(i) for i in rng.permutation(sorted(response_ids)).tolist()]
    n_all = round(overlap * len(ids)) if len(coders) > 1 else 0
    rows = []
    for g, coder in enumerate(coders):
        own = [(i, ALL) for i in ids[:n_all]]
        own += [(i, ONE) for i in ids[n_all:][g :: len(coders)]]
        own = [own[k] for k in rng.permutation(len(own))]
        # The first ones come again, so that the most was coded in between.
        own += [(i, AGAIN) for i, _ in own[: round(again * len(own))]]
        rows += [(coder, turn, i, part) for turn, (i, part) in enumerate(own, 1)]
    return pd.DataFrame(rows, columns=["coder", "turn", "response_id", "part"])
