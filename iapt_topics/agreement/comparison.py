"""Two coders side by side on the responses coded by both: per theme, per response, and overall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.result import Result
from iapt_topics.agreement.convergence_table import convergence_table
from iapt_topics.agreement.tables import (
    overall_table,
    resample,
    theme_level_tables,
    themes_table,
    years_table,
)
from iapt_topics.agreement.theme_matching import partition_table
from iapt_topics.codes.codes import Codes, attach_respondents, require_sealed, spread
from iapt_topics.stats.resampling import cluster_weights
from iapt_topics.survey.responses import Responses, cluster_ids

if TYPE_CHECKING:
    from iapt_topics.topics.topics import Topics

#: What the reader of a comparison has to know and only the user can tell.
DESIGN = ("sampling", "blinding", "codebook")
#: Ratio of inclusion probabilities from which agreement in a sample is said to be its own.
_UNEVEN = 1.5


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Comparison(Result):
    """Inter-coder agreement of two coders, overall and by theme. Made by :func:`compare_codes`.

    Shares, differences and measures are fractions. ``low`` and ``high`` bound 95 % intervals over
    respondents: of measures over all themes and of partitions, a jackknife on the root of what is
    missing to full agreement; of themes, percentiles of a bootstrap with half a unit added to each
    cell (times the design effect of F1, where respondents gave several responses); and Bonett and
    Price's paired interval for differences of shares. ``interval_status`` says why there is none:
    "no disagreement" (the coders never differ), "too few respondents", "too sparse" (too few
    responses for so many pairs of classes, so that the bias of information measures cannot be
    taken off). ``note`` is "" or says what limits a row. Read it in the order of the
    attributes, and the comparison of two human coders first: human-human agreement is a practical
    benchmark for the machine.

    Attributes
    ----------
    reference, other : str
        Names of the coders, e.g. a person and the machine.
    n : int
        Responses coded by both that neither was trained on.
    design : dict of str to str
        ``units``, ``coders``, ``sampling``, ``blinding``, ``codebook``: as given, or "not stated".
    overall : pandas.DataFrame
        Key ``measure``, in the order ``alpha_masi``, ``alpha_jaccard``, ``f1_samples``,
        ``f1_micro``, ``f1_macro``; ``estimate``, ``low``, ``high``, ``interval_status``, ``n``
        (responses), ``expected_by_chance`` (mean over 200 permutations of the other's rows),
        ``note``. A response without a theme from either coder counts as full agreement in the
        alphas and ``f1_samples``. ``f1_macro`` is over themes with at least 10 positives of the
        reference.
    themes : pandas.DataFrame
        Key ``theme``, in the order of the reference's themes, then those of the other's code set
        alone; ``label``, ``n``, ``positives_reference``, ``positives_other``,
        ``share_reference``, ``share_other``, ``precision`` and ``recall`` (of the other against
        the reference), ``f1``, ``f1_low``, ``f1_high``, ``negative_agreement``, ``kappa``,
        ``kappa_low``, ``kappa_high``, ``kappa_status`` ("estimated", "too few positives",
        "applied to all", "not requested"), ``ac1``, ``pabak``, ``note``. With fewer than 10
        positives of either coder, kappa and its interval are NaN. AC1 and PABAK can be high without
        any overlap on a rare theme: read them beside F1.
    years : pandas.DataFrame
        Key (``theme``, ``year``); ``share_reference``, ``share_other``, ``estimate`` (other less
        reference, on the same responses), ``low``, ``high``, ``n``, ``note``. Empty unless the
        survey was given.
    partition : pandas.DataFrame
        Key (``unassigned``, ``measure``); the two codings as partitions of the responses with at
        most one theme from each: ``ami``, ``ari``, ``homogeneity`` and ``completeness`` (of the
        other given the reference), ``v``; responses without a theme are a class of their own ("in")
        or left out ("out"); ``estimate``, ``low``, ``high`` (bias taken off), ``interval_status``,
        ``n``, ``expected_by_chance``, ``note``. Needs no themes in common. V rises with the
        number of classes whatever they mean.
    matches : pandas.DataFrame
        Key ``reference_theme``, ``other_theme``: every pair applied to a common response, in the
        order of the reference's themes, then by falling ``f1``; ``f1``, ``n_both`` (responses with
        both), ``matched`` (the pair is in the one-to-one assignment with the highest total F1). For
        these, ``f1_held_out``: F1 of the reference theme with the partner chosen on the other half
        of the respondents; ``f1_expected_by_chance``: mean F1 of its partner when the other's rows
        are permuted.
    levels : pandas.DataFrame
        Key (``measure``, ``threshold``); a pair of themes meets if its F1 reaches the threshold.
        ``coverage``: share of the reference's themes that meet one of the other's; ``novelty``:
        share of the other's that meet none; ``fragmentation``: mean number of the other's that a
        covered theme of the reference meets; ``fusion``: the reverse. ``estimate``, ``low``,
        ``high``, ``n`` (themes, those with at least 10 positives), ``expected_by_chance``,
        ``note``.
    convergence : pandas.DataFrame
        Key ``theme``, in the order of ``themes``; ``label``, ``proposed``, ``rating`` (as proposed,
        until a person changes it), ``rater`` and ``rationale`` ("" until then; see
        :func:`iapt_topics.agreement.write_convergence`), ``partner`` (the theme matched one-to-one,
        "" without one), ``f1``, ``share_difference`` (other less reference, on the same responses)
        with its ``low`` and ``high``, ``n``, ``exemplars`` (ids of up to three responses with the
        theme from both), ``note`` (the ground of the rating). Themes in one coder's code set alone,
        such as topics against a codebook, are compared with their partner: f1 and kappa are then
        counted on respondents that did not choose the pair. Proposed ratings, the first that
        applies:

        - "not estimable": fewer than 10 positives of both, or kappa not defined;
        - "silence": fewer than 10 positives of one;
        - "agreement": kappa at least 0.6 and the theme matched one-to-one with itself;
        - "partial agreement": kappa at least 0.2;
        - "dissonance": kappa below 0.2.

    References
    ----------
    Towler L et al. (2023). *Front Public Health* 11:1268223 (convergence ratings). Marchal M,
    Scholman M, Yung F, Demberg V (2022). Establishing annotation quality in multi-label
    annotations. *Proc COLING 2022* (agreement expected by chance, by resampling). Vinh NX, Epps J,
    Bailey J (2010). Information theoretic measures for clusterings comparison. *J Mach Learn Res*
    11:2837-2854 (AMI). Hubert L, Arabie P (1985). Comparing partitions. *J Classif* 2:193-218
    (ARI). Rosenberg A, Hirschberg J (2007). V-measure. *Proc EMNLP-CoNLL*. Agresti A, Caffo B
    (2000). Simple and effective confidence intervals for proportions and differences of proportions
    result from adding two successes and two failures. *Am Stat* 54:280-288 (added units).
    """

    reference: str
    other: str
    n: int
    design: dict[str, str]
    overall: pd.DataFrame
    themes: pd.DataFrame
    years: pd.DataFrame
    partition: pd.DataFrame
    matches: pd.DataFrame
    levels: pd.DataFrame
    convergence: pd.DataFrame

    _view = (
        "overall: measure estimate low high n expected_by_chance note",
        "themes: theme label n f1 f1_low f1_high kappa kappa_low kappa_high note",
        "convergence: theme label rating f1 share_difference low high n note",
    )

    def _title(self) -> str:
        return f"{self.other} against {self.reference}, {self.n:,} responses"

    def _picture(self) -> str:
        from iapt_topics.figures.agreement import agreement_figure
        from iapt_topics.figures.notebook import as_picture

        return as_picture(self._title(), lambda: agreement_figure(self.themes))


def compare_codes(
    human: Codes,
    machine: Codes,
    *,
    responses: Responses | None = None,
    design: Mapping[str, str] | None = None,
    kappa: bool = True,
    n_boot: int = 1000,
    seed: int = 7,
) -> Comparison:
    """Estimate inter-coder agreement: F1, kappa, Krippendorff's alpha, with 95 % intervals.

    Parameters
    ----------
    human : Codes
        The reference. May be a machine too.
    machine : Codes
        The other coder. May be a second person, for human-human agreement.
    responses : Responses, optional
        The survey, for prevalence by year and for respondents that the codes do not name.
    design : mapping of str to str, optional
        How the comparison came about, any of ``sampling`` (e.g. "random within years"),
        ``blinding`` (did the people see the machine's output?) and ``codebook`` (was it fixed
        before?).
    kappa : bool
        False leaves out kappa, AC1, PABAK and the alphas, for reflexive thematic analysis, which
        does not take agreement for a mark of quality. The convergence ratings, still proposed by
        the same rule, then give F1 as their ground.
    n_boot : int
        Bootstrap draws, of respondents; at most 200 of them are used for the comparisons of all
        pairs of themes.
    seed : int, default 7
        Seed of the bootstrap, of the permutations and of the halves.

    Returns
    -------
    Comparison
        Over the themes of both code sets. A theme outside one code set counts as never
        given by that coder, and its note says so.

    Raises
    ------
    InputError
        If a coder coded nothing, if no response was coded by both and neither was trained on it, if
        codes are of responses that are not in the survey, if ``design`` has another key, or if
        ``n_boot`` is below 1.

    Notes
    -----
    Respondents are taken from ``human`` where known, else from ``machine``, else each response
    stands for its own. Agreement expected by chance is the mean over permutations of the other's
    rows among responses.

    Examples
    --------
    >>> seen = pd.DataFrame({"response_id": list("abcd"), "respondent_id": list("pqrs")})
    >>> given = pd.DataFrame({"response_id": ["a", "b"], "theme": "S1", "score": np.nan})
    >>> one = Codes(coder="one", kind="human", themes=("S1",), seen=seen, table=given)
    >>> two = Codes(coder="two", kind="human", themes=("S1",), seen=seen, table=given[:1])
    >>> compare_codes(one, two, n_boot=20).themes[["theme", "precision", "recall"]].values.tolist()
    [['S1', 1.0, 0.5]]
    """
    if responses is not None:
        human, machine = (attach_respondents(c, responses) for c in (human, machine))
    ids, names, caveat = common_responses(human, machine)
    themes = tuple(dict.fromkeys([*human.themes, *machine.themes]))
    (x, _), (y, scores) = (spread(codes, ids, themes) for codes in (human, machine))
    people, cluster = np.unique(names, return_inverse=True)
    pair = resample(x, y, cluster, cluster_weights(names, n_boot, seed))
    able = np.array([[t in c.themes for t in themes] for c in (human, machine)])
    coders = (human.coder, machine.coder)
    limits = ["" if a.all() else f"not in the code set of {coders[1 - int(a[1])]}" for a in able.T]
    labels = [human.labels.get(t) or machine.labels.get(t) or t for t in themes]
    table = themes_table(pair, themes, labels, limits, seed, kappa=kappa)
    matches, levels, partner, held_out = theme_level_tables(pair, themes, seed)
    years = np.zeros(0, np.int64)
    if responses is not None:
        known = responses.table.set_index("response_id")["year"]
        years = known.loc[ids].to_numpy(dtype=np.int64)
    return Comparison(
        reference=human.coder,
        other=machine.coder,
        n=len(ids),
        design=_design(design, human, machine, len(ids), len(people)),
        overall=overall_table(pair, caveat, sum(map(bool, limits)), seed, kappa=kappa),
        themes=table,
        years=years_table(pair, themes, years),
        partition=partition_table(x, y, cluster, 200, seed),
        matches=matches,
        levels=levels,
        convergence=convergence_table(
            pair, table, able, (partner, held_out), coders, ids, scores, kappa=kappa
        ),
    )  # fmt: skip


def topic_codes(topics: Topics, responses: Responses, *, run: Ints | None = None) -> Codes:
    """Turn topics into the codes of one coder, to be compared or measured without a mapping.

    Parameters
    ----------
    topics : Topics
        From ``fit_topics``.
    responses : Responses
        The survey that the topics were fitted to.
    run : ndarray of int, shape (n_kept,), optional
        A row of ``topics.votes``: the topics as that run of the consensus has them, in place of
        the consensus. Responses that the consensus leaves unassigned stay so.

    Returns
    -------
    Codes
        Of kind "machine", coder "topics"; themes "topic 0" and so on with the topics' labels;
        scores are the support of each response. Unassigned responses are coded units without a
        theme.

    Raises
    ------
    InputError
        If ``run`` is not of these responses and topics.
    """
    rows = topics.assignments
    if run is not None:
        if np.shape(run) != (len(rows),) or not np.isin(run, topics.topics["topic"]).all():
            raise InputError(
                "run", f"must have a topic for each of {len(rows)} responses",
                f"shape {np.shape(run)}", "Use a row of topics.votes.",
            )  # fmt: skip
        rows = rows.assign(topic=np.where(rows["topic"] >= 0, run, rows["topic"]))
    given = rows[rows["topic"] >= 0]
    ids = [f"topic {t}" for t in topics.topics["topic"]]
    return Codes(
        coder="topics",
        kind="machine",
        themes=tuple(ids),
        seen=rows[["response_id"]].assign(respondent_id=""),
        table=pd.DataFrame(
            {
                "response_id": given["response_id"],
                "theme": [f"topic {t}" for t in given["topic"]],
                "score": given["support"],
            }
        ),
        labels=dict(zip(ids, topics.topics["label"], strict=True)),
    ).with_respondents(responses)


def _design(
    given: Mapping[str, str] | None, human: Codes, machine: Codes, n: int, people: int
) -> dict[str, str]:
    stated = dict(given or {})
    unknown = [k for k in stated if k not in DESIGN]
    if unknown:
        do = f"Use any of {listed(DESIGN)}."
        raise InputError("design", "must have known parts only", listed(unknown), do)
    return {
        "units": f"{n} responses of {people} respondents",
        "coders": f"{human.coder} ({human.kind}), {machine.coder} ({machine.kind})",
    } | {part: stated.get(part) or "not stated" for part in DESIGN}


def common_responses(human: Codes, machine: Codes) -> tuple[list[str], NDArray[np.str_], str]:
    """Responses to compare, in sorted order, the respondent of each, and what to say of them."""
    require_sealed(human, machine)
    for codes in (human, machine):
        if not len(codes.seen):
            raise InputError(
                f"codes of {codes.coder!r}", "must be of at least one response",
                "no coded response", "Give all coded responses, with a theme or without.",
            )  # fmt: skip
    own, others = (
        dict(zip(c.seen["response_id"], c.seen["respondent_id"], strict=True))
        for c in (human, machine)
    )
    ids = sorted(own.keys() & others.keys())
    learned = human.unmeasured | machine.unmeasured
    trained = sum(i in learned for i in ids)
    left = (len(own) - len(ids), len(others) - len(ids))
    if not ids:
        raise InputError(
            "the two codings", "must have responses coded by both coders",
            f"none ({left[0]} coded by {human.coder!r} only, {left[1]} by {machine.coder!r} only)",
            "Use the same response ids in both.",
        )  # fmt: skip
    ids = [i for i in ids if i not in learned]
    if not ids:
        raise InputError(
            "the two codings", "must have common responses that neither coder was trained on",
            f"only {trained} that one was trained on", "Hold out some hand-coded responses.",
        )  # fmt: skip
    notes = [f"excluded: {trained} responses that a coder was trained on"] if trained else []
    rates = [p for i, p in human.probabilities.items() if i in set(ids)]
    if rates and max(rates) > _UNEVEN * min(rates):
        notes.append("drawn with unequal probabilities: agreement is that in the sample")
    if any(left):
        notes.append(
            f"excluded: {left[0]} responses coded by {human.coder} only"
            f" and {left[1]} by {machine.coder} only"
        )
    differ = sum(bool(own[i]) and bool(others[i]) and own[i] != others[i] for i in ids)
    if differ:
        notes.append(f"respondent ids differ for {differ} responses; those of {human.coder} used")
    known = [own[i] or others[i] for i in ids]
    unknown = known.count("")
    if unknown:
        notes.append(
            f"respondent unknown for {unknown} responses; each treated as a separate respondent"
        )
    clusters = cluster_ids(pd.DataFrame({"respondent_id": known, "response_id": ids}))
    return ids, clusters, "; ".join(notes)
