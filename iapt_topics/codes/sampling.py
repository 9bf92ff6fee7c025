"""Which responses to code by hand next: some to measure with, some to learn from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.result import Result
from iapt_topics._base.sheets import write_sheet
from iapt_topics.codes.codes import PROBABILITY, Codes
from iapt_topics.stats.intervals import normal_quantile, wilson_interval
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.topics import Topics

EVALUATION, INFORMATIVE = "evaluation", "informative"
REASONS = ("uncertain", "rare", "unassigned")
PLAN_COLUMNS = [
    "response_id", "respondent_id", "year", "part", "reason", "inclusion_probability", "round",
]  # fmt: skip
_SHEET = [
    "response_id", "respondent_id", "year", "question", "text", "theme", "coder", PROBABILITY,
]  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SamplePlan(Result):
    """Responses to code by hand: a random sample to evaluate on, a purposive one to train on.

    Attributes
    ----------
    table : DataFrame
        One row for each response: ``response_id`` (the key); ``respondent_id``; ``year``; ``part``
        ("evaluation": drawn at random, to measure with and never to train on;
        "informative": a purposive sample, to train on and never to measure with); ``reason``
        ("random", or why it was chosen: "uncertain", "rare" or "unassigned");
        ``inclusion_probability`` (0 to 1; NaN in the purposive sample); ``round`` (1 for the first
        plan).
    width : float
        Width that the 95 % interval of a proportion may have, which the evaluation part was drawn
        for.
    """

    table: pd.DataFrame
    width: float

    def _shown(self) -> dict[str, pd.DataFrame]:
        """How many responses of each year are to be coded, and why."""
        parts = self.table.groupby(["year", "part", "reason"], sort=False).size()
        return {"responses to code": parts.rename("n").reset_index()}

    def __post_init__(self) -> None:
        # A plan that was kept as a .csv file comes back with ids such as 17 as numbers.
        require_columns(self.table, PLAN_COLUMNS, "the table of a plan")
        ids = {c: self.table[c].map(cell_text) for c in ("response_id", "respondent_id")}
        object.__setattr__(self, "table", self.table.assign(**ids))
        require_unique(self.table["response_id"], "the plan: response_id", "Plan each one once.")
        other = set(self.table["part"]) - {EVALUATION, INFORMATIVE}
        if other:
            raise InputError(
                "the plan: part", f"must be {EVALUATION!r} or {INFORMATIVE!r}", listed(other),
                "Use a table of next_to_code().",
            )  # fmt: skip

    def held_out(self, responses: Responses) -> frozenset[str]:
        """Return the held-out ids: all responses of respondents in the evaluation sample.

        Parameters
        ----------
        responses : Responses
            The survey that the plan was made for.

        Returns
        -------
        frozenset of str
            Responses that must not be trained on.
        """
        table = responses.table
        drawn = self.table.loc[self.table["part"] == EVALUATION, "response_id"]
        people = pd.Series(cluster_ids(table), index=table.index)
        held = people.isin(people[table["response_id"].isin(drawn)])
        return frozenset(table.loc[held, "response_id"]) | set(drawn)

    def marked(self, human: Codes) -> Codes:
        """Mark how each hand code was drawn, as the plan has it.

        A sheet of :func:`write_sample` brings this along when it is read; codes from elsewhere do
        not. From ``picked`` no prevalence is inferred; see :func:`iapt_topics.corrected_shares`.

        Parameters
        ----------
        human : Codes
            Hand codes of responses of the plan.

        Returns
        -------
        Codes
            With the inclusion probabilities of the random sample, which is sealed
            (:meth:`iapt_topics.Codes.seal`), and with the purposive one, and what is not of the
            plan, in ``picked``.
        """
        known = self.table.set_index("response_id")[PROBABILITY].astype(float)
        seen = human.seen.assign(**{PROBABILITY: human.seen["response_id"].map(known)})
        bare = seen.loc[seen[PROBABILITY].isna(), "response_id"]
        return replace(human, seen=seen, picked=human.picked | set(bare)).seal()


def sample_size(width: float, *, share: float = 0.5, population: int | None = None) -> int:
    """Sample size for a proportion, from the width of its 95 % Wilson interval.

    Parameters
    ----------
    width : float
        Between the limits of the 95 % Wilson interval, above 0 and below 1; .2 is 10 points to
        either side.
    share : float, default 0.5
        Expected proportion, 0 to 1. At a half the interval is widest.
    population : int, optional
        Responses that the sample is drawn from, if the proportion among these is wanted rather than
        in the population behind them.

    Returns
    -------
    int
        At least 1, and at most ``population``.

    Raises
    ------
    InputError
        If the width or the proportion is out of range.

    Notes
    -----
    The smallest n whose Wilson interval [1]_ around ``share`` is not wider than ``width``; from a
    finite population of N, ``n / (1 + (n - 1) / N)`` are enough [2]_.

    References
    ----------
    .. [1] Wilson (1927), "Probable inference, the law of succession, and statistical inference",
       JASA 22:209-212.
    .. [2] Cochran (1977), "Sampling techniques", 3rd ed., section 4.4, Wiley.

    Examples
    --------
    >>> sample_size(0.2)
    93
    >>> sample_size(0.2, population=300)
    72
    """
    for name, value in (("width", width), ("share", share)):
        if not (0 < value < 1 if name == "width" else 0 <= value <= 1):
            raise InputError(name, "must be between 0 and 1", repr(value), "Give a fraction.")

    def wide(n: int) -> bool:
        low, high = wilson_interval(share * n, n)
        return float(high - low) > width

    # Wilson's interval is nowhere wider than z / sqrt(n).
    enough = ceil((normal_quantile() / width) ** 2)
    many = 1 + bisect_left(range(1, enough), True, key=lambda n: not wide(n))
    if population is None:
        return many
    return min(population, ceil(many / (1 + (many - 1) / population)))


def write_sample(path: str | Path, plan: SamplePlan, responses: Responses) -> Path:
    """Write a coding sheet of the responses of the plan's last round.

    Parameters
    ----------
    path : str or path
        A ``.csv`` or ``.xlsx`` file; one of that name is replaced.
    plan : SamplePlan
        From :func:`next_to_code`.
    responses : Responses
        The survey. The sheet has its texts: keep it where the survey may be kept.

    Returns
    -------
    Path
        The sheet, as :func:`iapt_topics.load_codes` reads it once it is filled in: ``theme`` for
        each response, or "none"; ``coder`` in each row that was coded; another row for
        each further theme. Both parts are mixed; ``inclusion_probability``, blank for the purposive
        one, tells which is which. Hide that column while coding, and leave it as it is.

    Raises
    ------
    InputError
        If the ending is another.
    """
    last = plan.table.loc[plan.table["round"] == plan.table["round"].max(), "response_id"]
    rows = responses.table[responses.table["response_id"].isin(last)]
    rows = rows.sort_values("response_id", kind="stable").sample(frac=1, random_state=0)
    known = plan.table.set_index("response_id")[PROBABILITY].astype(float)
    chance = [repr(float(p)) if p == p else "" for p in rows["response_id"].map(known)]
    rows = rows.assign(year=rows["year"].astype(str), theme="", coder="", **{PROBABILITY: chance})
    write_sheet(Path(path), _SHEET, rows[_SHEET].to_numpy().tolist(), wide=("text", "theme"))
    return Path(path)


def next_to_code(
    responses: Responses,
    machine: Codes,
    topics: Topics | None = None,
    *,
    n: int = 100,
    width: float = 0.2,
    human: Codes | None = None,
    previous: SamplePlan | None = None,
    seed: int = 7,
) -> SamplePlan:
    """Draw responses to code by hand: a stratified random sample and an active-learning batch.

    Parameters
    ----------
    responses : Responses
        The survey; only kept responses are drawn.
    machine : Codes
        From :func:`iapt_topics.code_responses`, or from :func:`iapt_topics.learn_codes` in a later
        round.
    topics : Topics, optional
        Of the same responses: those without a topic are then among the unassigned.
    n : int, default 100
        Informative responses, at least 0; fewer if there are no more.
    width : float, default 0.2
        Width that the 95 % interval of a proportion of all kept responses may have, 0 to 1; decides
        the size of the evaluation part, see :func:`sample_size`.
    human : Codes, optional
        What was coded already, which is not drawn again. The evaluation part then stands for the
        responses that were not coded yet.
    previous : SamplePlan, optional
        The plan before. Its rows are part of the new plan, and its evaluation part is used on:
        new responses are drawn only for years that it lacks.
    seed : int, default 7
        Of the draw.

    Returns
    -------
    SamplePlan
        The evaluation part is drawn within each year, in proportion to the year's responses and at
        least one. No respondent of it is in the informative part.

    Raises
    ------
    InputError
        If ``n`` is negative, or the width is out of range.

    Notes
    -----
    The informative part takes turns between three lists. *Uncertain*: responses whose highest score
    is lowest [1]_. *Rare*: for each theme, fewest codes first, the response with its highest score.
    *Unassigned*: responses without a theme from the machine, or without a topic, in random order.
    Since these are a purposive sample, prevalence and agreement are to be measured on the other
    part alone [2]_.

    References
    ----------
    .. [1] Lewis and Gale (1994), "A sequential algorithm for training text classifiers", SIGIR.
    .. [2] Carlsen and Ralund (2022), "Computational grounded theory revisited", Big Data & Society
       9(1).
    """
    if n < 0:
        raise InputError("n", "must be at least 0", repr(n), "Say how many to learn from.")
    rng = np.random.default_rng(seed)
    # Sorted, so that the order of the file cannot matter.
    kept = responses.kept.sort_values("response_id", kind="stable")
    before = pd.DataFrame(columns=PLAN_COLUMNS) if previous is None else previous.table
    done = set() if human is None else set(human.seen["response_id"])
    taken = done | set(before["response_id"])
    size = sample_size(width, population=len(kept))
    wanted = by_year(kept["year"], size)
    round_ = int(before["round"].max()) + 1 if len(before) else 1
    rows = []
    earlier = before[before["part"] == EVALUATION]
    old = set(earlier["year"])
    for year, count in wanted.items():
        if year in old:  # to draw on would change the probabilities of what was drawn
            continue
        there = kept[(kept["year"] == year) & ~kept["response_id"].isin(taken)]
        count = min(count, len(there))
        drawn = there.iloc[rng.permutation(len(there))[:count]]
        share = count / max(1, len(there))
        rows.append(drawn.assign(part=EVALUATION, reason="random", inclusion_probability=share))
    evaluation = pd.concat([earlier, *rows] if len(earlier) else rows)
    people = pd.Series(cluster_ids(kept), index=kept.index)
    held = {*cluster_ids(evaluation), *people[kept["response_id"].isin(evaluation["response_id"])]}
    pool = kept[~people.isin(held) & ~kept["response_id"].isin(taken)]
    picked = dict(islice(_picks(pool, machine, topics, rng), n))
    informative = pool.set_index("response_id").loc[list(picked)].reset_index()
    informative = informative.assign(part=INFORMATIVE, reason=list(picked.values()))
    new = pd.concat([*rows, informative.assign(inclusion_probability=np.nan)])
    new = new.assign(round=round_)[PLAN_COLUMNS]
    table = pd.concat([before, new]) if len(before) else new
    return SamplePlan(table=table.reset_index(drop=True), width=width)


def by_year(years: pd.Series, size: int) -> dict[int, int]:
    """Share out ``size`` over the years in proportion, by largest remainders; one at least."""
    found, counts = np.unique(years.to_numpy(dtype=np.int64), return_counts=True)
    exact = counts / counts.sum() * size
    given = np.floor(exact).astype(np.int64)
    given[np.argsort(given - exact, kind="stable")[: size - int(given.sum())]] += 1
    return dict(zip(found.tolist(), np.maximum(given, 1).tolist(), strict=True))


def _picks(
    pool: pd.DataFrame, machine: Codes, topics: Topics | None, rng: np.random.Generator
) -> Iterator[tuple[str, str]]:
    """Yield responses and why they are picked, each once, taking turns between the reasons."""
    ids = pool["response_id"].to_numpy(dtype=object)[rng.permutation(len(pool))]
    given = machine.table[machine.table["response_id"].isin(set(ids))]
    order = {r: i for i, r in enumerate(ids)}
    given = given.assign(turn=given["response_id"].map(order)).sort_values("turn", kind="stable")
    best = given.groupby("response_id", sort=False)["score"].max()
    bare = set(ids) - set(best.index)
    if topics is not None:
        places = topics.assignments
        bare |= set(places.loc[places["topic"] < 0, "response_id"]) & set(ids)
    ranked = given.sort_values("score", ascending=False, kind="stable")
    by_theme = {t: part["response_id"].tolist() for t, part in ranked.groupby("theme")}
    fewest = sorted(by_theme, key=lambda t: (len(by_theme[t]), t))
    longest = max(map(len, by_theme.values()), default=0)
    lists = {
        "uncertain": best.sort_values(kind="stable").index.tolist(),
        "rare": [by_theme[t][i] for i in range(longest) for t in fewest if i < len(by_theme[t])],
        "unassigned": [r for r in ids if r in bare],
    }
    done: set[str] = set()
    queues = {reason: iter(lists[reason]) for reason in REASONS}
    while queues:
        for reason in [*queues]:
            found = next((r for r in queues[reason] if r not in done), None)
            if found is None:
                del queues[reason]
                continue
            done.add(found)
            yield found, reason
