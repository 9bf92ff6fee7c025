"""What raters could tell: proportions right with intervals, exact tests against guessing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics._base.status import SIGNIFICANT
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.stats.many_coders import chance_p
from iapt_topics.stats.multiplicity import holm
from iapt_topics.topics.topics import Topics
from iapt_topics.validation.answers import Answers
from iapt_topics.validation.blind import FITS, PARTLY, topic_members
from iapt_topics.validation.proportions import fisher_p, proportion_right, rater_agreement
from iapt_topics.validation.task import LABELS, TESTS, THEMES, Task
from iapt_topics.validation.theme_check import overall_of_themes, theme_table

#: What people could do with a topic.
TOLD, NOT_TOLD, TOO_FEW = "told apart", "not told apart", "too few judgements"
NOT_TESTED = "not tested"
#: Right answers beyond guessing, as a part of all there could be, below which a topic is named.
ENOUGH = 0.5
#: With fewer judgements not even all right would differ from guessing at a half.
FEWEST = 5


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BlindResult(Result):
    """What raters could tell in a blind test. Made by :func:`score_test`.

    Proportions have 95 % Wilson intervals, with the design effect of items that several raters
    judged. ``p`` is exact and one-sided, against guessing; ``p_holm`` is adjusted for all topics or
    themes. Tables that a kind of test has not are empty.

    Attributes
    ----------
    kind : str
        As of the task.
    overall : pandas.DataFrame
        One row: ``n`` (judgements), ``n_items``, ``n_raters``, ``n_right``, ``estimate``, ``low``,
        ``high``, ``expected_by_chance``, ``p``, ``p_fisher`` (the raters' own p combined by
        Fisher's method). Of a theme check, what is right is whether the machine's code was said to
        fit, and p that codes are said to fit more often than responses without them.
    topics : pandas.DataFrame
        Key ``topic``: ``label``, ``n``, ``n_items``, ``n_right``, ``estimate``, ``low``, ``high``,
        ``expected_by_chance``, ``p``, ``p_holm``, ``status``: "told apart"; "not told apart"
        (less than half of what there is beyond guessing was right); "too few judgements" (fewer
        than 5, or no significant difference from guessing); "not tested" (``note`` says why). Every
        topic with a response is there. ``members`` is a hash of its responses when it was tested.
    pairs : pandas.DataFrame
        Of label choice, key (``topic``, ``other``), each pair of topics that stood side by side:
        ``label``, ``other_label``, ``n`` (times that one of them was chosen where one was right),
        ``n_mixed`` (of these, the wrong one), ``estimate``, ``low``, ``high``, ``p`` (that people
        choose at random between the two), ``status``.
    themes : pandas.DataFrame
        Of a theme check, key ``theme``: ``label``, ``n_codes`` (of the machine), ``n_checked``,
        ``precision`` (proportion of its codes that fit) with ``precision_low``, ``precision_high``;
        ``precision_partly`` (fit at least in part); ``n_without`` (responses checked without the
        code), ``n_missed`` (of these, that fit); ``recall`` (by the sampling weights, of all
        responses) with ``recall_low``, ``recall_high`` (conservative); ``p``, ``p_holm``,
        ``status`` ("shown" or "not estimable").
    raters : pandas.DataFrame
        Key ``rater``: ``n``, ``n_right``, ``estimate``, ``low``, ``high``, ``expected_by_chance``,
        ``p``.
    agreement : pandas.DataFrame
        Key ``measure``, over items that two raters at least judged: ``alpha`` (Krippendorff's, of
        right or wrong; of a theme check, of fits, partly and no), ``ac1`` (Gwet's), ``same``
        (proportion of pairs of raters with the same answer); ``estimate``, ``low``, ``high`` (a
        bootstrap of items), ``n`` (items).

    References
    ----------
    Chang J et al. (2009). Reading tea leaves: how humans interpret topic models. *NeurIPS*.
    Chan C-H, Sältzer M (2020). oolong: an R package for validating automated content analysis
    tools. *J Open Source Softw* 5(55):2461.
    """

    kind: str
    overall: pd.DataFrame
    topics: pd.DataFrame
    pairs: pd.DataFrame
    themes: pd.DataFrame
    raters: pd.DataFrame
    agreement: pd.DataFrame

    _view = (
        "overall",
        "topics: topic label n estimate low high expected_by_chance p_holm status",
        "themes: theme label n_checked precision precision_low precision_high recall recall_low",
        "agreement",
    )

    def _shown(self) -> dict[str, pd.DataFrame]:
        """Tables that this kind of test has."""
        return {name: table for name, table in Result._shown(self).items() if len(table)}

    def _title(self) -> str:
        row = self.overall.iloc[0]
        return f"{self.kind}: {row['estimate']:.0%} right of {int(row['n']):,} judgements"

    @property
    def unclear(self) -> tuple[int, ...]:
        """Topics that people could not tell apart."""
        if not len(self.topics):
            return ()
        return tuple(self.topics.loc[self.topics["status"] == NOT_TOLD, "topic"].astype(int))


def score_test(task: Task, answers: Answers, *, seed: int = 7) -> BlindResult:
    """Score a blind test: proportions right, tests against guessing, agreement among raters.

    Parameters
    ----------
    task : Task
        From :func:`draw_test`.
    answers : Answers
        From :func:`read_answers`.
    seed : int, default 7
        Of the bootstrap of agreement.

    Returns
    -------
    BlindResult
        By topic or theme and by rater; agreement among raters; pairs of topics that were mixed up.

    Raises
    ------
    InputError
        If the task is no test, or the answers are to another or none.

    Notes
    -----
    A rater's guesses are independent of those of others, so the exact test takes each judgement as
    one; the interval does not, since raters may err together on an item.

    Recall is ``TP / (TP + FN)``, with TP the machine's codes times their precision and FN the sum
    over strata of responses without the code times the proportion of these that fit. Its limits are
    those of TP and FN together, each stratum's taken so that all hold at once (Bonferroni). A ratio
    of estimates, recall is a little too high where few of the responses without the code fit: read
    its lower limit.
    """
    if task.kind not in TESTS:
        raise InputError("task", "must be a blind test", repr(task.kind), "Use draw_test().")
    if answers.task != task.fingerprint:
        raise InputError(
            "answers", "must be to this task", "those to another", "Use read_answers() with it."
        )
    if not len(answers.table):
        raise InputError("answers", "must be one at least", "none", "Wait for the raters.")
    rows = answers.table.merge(task.key, on="item", how="left", validate="many_to_one")
    n_choices = {item: len(values) for item, values in task.allowed().items()}
    rows = rows.assign(value=[v[0] for v in rows["values"]], chance=1 / rows["item"].map(n_choices))
    names = dict(zip(task.key["topic"], task.key["label"], strict=True))
    empty = pd.DataFrame()
    if task.kind == THEMES:
        rows = rows.assign(
            right=(rows["value"] == FITS).astype(float),
            partly=rows["value"].isin([FITS, PARTLY]).astype(float),
        )
        return BlindResult(
            kind=task.kind,
            overall=overall_of_themes(rows),
            topics=empty,
            pairs=empty,
            themes=theme_table(rows, task),
            raters=_by_rater(rows[rows["stratum"] == "coded"], tested=False),
            agreement=rater_agreement(rows, "value", seed),
        )
    rows = rows.assign(right=(rows["value"] == rows["right"]).astype(float))
    overall = proportion_right(rows) | {"n_raters": rows["rater"].nunique()}
    each = _by_rater(rows)
    return BlindResult(
        kind=task.kind,
        overall=pd.DataFrame([overall | {"p_fisher": fisher_p(each["p"].to_numpy(dtype=float))}]),
        topics=_topic_table(rows, task, names),
        pairs=_pairs(rows, names) if task.kind == LABELS else empty,
        themes=empty,
        raters=each,
        agreement=rater_agreement(rows, "right", seed),
    )


def mark_topics(topics: Topics, result: BlindResult) -> Topics:
    """Note topics that people could not tell apart, so that both reports say so beside them.

    Parameters
    ----------
    topics : Topics
        Those that were tested. They are not changed.
    result : BlindResult
        From :func:`score_test`, of a test of topics.

    Returns
    -------
    Topics
        With the result in the ``note`` of each topic that is "not told apart".

    Raises
    ------
    InputError
        If the result is of a theme check, or of other topics: one of that number is not there, or
        has other responses than when it was tested.

    Examples
    --------
    Put them in place with ``dataclasses.replace(study, topics=mark_topics(study.topics, found))``.
    """
    if not len(result.topics):
        raise InputError(
            "result", "must be of a test of topics", repr(result.kind), "Use another test."
        )
    unclear = result.topics[result.topics["status"] == NOT_TOLD]
    if other := sorted(set(result.topics["topic"]) - set(topics.topics["topic"])):
        raise InputError("result", "must be of these topics", f"topic {other[0]}", "Test these.")
    now = topic_members(topics)
    tested = zip(result.topics["topic"], result.topics["members"], strict=True)
    if changed := [int(t) for t, then in tested if then and then != now.get(int(t))]:
        raise InputError(
            "result", "must be of these topics",
            f"topic {changed[0]}, which has other responses than when it was tested",
            "Draw a test of these topics.",
        )  # fmt: skip
    begin = f"people could not tell it apart ({result.kind}: "
    said = {
        int(row["topic"]): f"{begin}{row['estimate']:.0%} right of {int(row['n'])} judgements, "
        f"{row['expected_by_chance']:.0%} expected by chance)"
        for row in unclear.to_dict("records")
    }
    notes = []
    for topic, note in zip(topics.topics["topic"], topics.topics["note"], strict=True):
        others = [part for part in str(note).split("; ") if part and not part.startswith(begin)]
        notes.append("; ".join([*others, *([said[topic]] if topic in said else [])]))
    return replace(topics, topics=topics.topics.assign(note=notes))


def _by_rater(rows: pd.DataFrame, *, tested: bool = True) -> pd.DataFrame:
    out = [{"rater": r} | proportion_right(part) for r, part in rows.groupby("rater", sort=True)]
    table = pd.DataFrame(out, columns=["rater", *proportion_right(rows)])
    return table.drop(columns=["n_items"] + ([] if tested else ["expected_by_chance", "p"]))


def _topic_table(rows: pd.DataFrame, task: Task, names: dict[int, str]) -> pd.DataFrame:
    out = []
    for topic in dict.fromkeys(task.key["topic"]):
        of = rows[rows["topic"] == topic]
        members = str(of["members"].iloc[0]) if len(of) and "members" in of else ""
        about = {"topic": int(topic), "label": names[topic], "members": members}
        out.append(about | proportion_right(of))
    table = pd.DataFrame(out)
    # Those without a judgement are no test among the others.
    tested = table["p"].notna().to_numpy()
    adjusted = np.full(len(table), np.nan)
    adjusted[tested] = holm(table.loc[tested, "p"].to_numpy(dtype=float))
    chance = table["expected_by_chance"]
    rows_of = zip(table["n"], table["estimate"], chance, table["p"], strict=True)
    status = [_status(*row) for row in rows_of]
    table = table.assign(p_holm=adjusted, status=status, note="")
    if not task.left_out:
        return table
    rest = pd.DataFrame(
        [(t, 0, 0, 0, NOT_TESTED, why) for t, why in task.left_out.items()],
        columns=["topic", "n", "n_items", "n_right", "status", "note"],
    )
    both = pd.concat([table, rest]).sort_values("topic", kind="stable", ignore_index=True)
    return both.fillna({"label": "", "members": ""})


def _status(n: int, right: float, chance: float, p: float) -> str:
    """What people could do, from the proportion right and that expected by chance."""
    if n < FEWEST:
        return TOO_FEW
    if (right - chance) / (1 - chance) < ENOUGH:
        return NOT_TOLD
    return TOLD if p < SIGNIFICANT else TOO_FEW


def _pairs(rows: pd.DataFrame, names: dict[int, str]) -> pd.DataFrame:
    """Choices between two topics where one was right and either was chosen."""
    counts: dict[tuple[int, int], list[int]] = {}
    for topic, others, value in zip(rows["topic"], rows["others"], rows["value"], strict=True):
        chosen = int(others[int(value) - 1])
        for other in map(int, others):
            if other != topic and chosen in (topic, other):
                pair = counts.setdefault((min(topic, other), max(topic, other)), [0, 0])
                pair[0] += 1
                pair[1] += chosen == other
    out = []
    for (one, two), (n, mixed) in sorted(counts.items()):
        low, high = wilson_interval(mixed, n)
        p = chance_p(n - mixed, [0.5] * n)
        status = _status(n, 1 - mixed / n, 0.5, p)
        out.append(
            (one, two, names.get(one, ""), names.get(two, ""), n, mixed,
             mixed / n, float(low), float(high), p, status)
        )  # fmt: skip
    columns = [
        "topic", "other", "label", "other_label", "n", "n_mixed", "estimate", "low", "high", "p",
        "status",
    ]  # fmt: skip
    return pd.DataFrame(out, columns=columns)
