"""The frame's two poles, such as identity and system: a response mentions one, both or neither."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats, Ints
from iapt_topics._base.errors import InputError, require_columns
from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.stats.intervals import normal_quantile, wilson_interval
from iapt_topics.survey.responses import number_clusters
from iapt_topics.topics.topics import Topics

#: Hand-coded responses, and those with and without a pole, below which it is not calibrated.
FEWEST, FEWEST_OF_EACH = 20, 5


def axis_classes(frame: ThemeFrame) -> tuple[str, str, str, str]:
    """Names of the four classes: first pole only, second pole only, both, neither.

    Parameters
    ----------
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    tuple of str

    Raises
    ------
    InputError
        If the frame has no axis.

    Examples
    --------
    >>> from iapt_topics import load_frame
    >>> axis_classes(load_frame("iapt_identity_system"))
    ('Identity only', 'System only', 'both', 'neither')
    """
    if frame.axis is None:
        raise InputError(
            f"frame {frame.name!r}", "must name two domains as its axis", "none",
            'Add axis = ["first", "second"] to the frame.',
        )  # fmt: skip
    first, second = (frame[pole].label for pole in frame.axis)
    return f"{first} only", f"{second} only", "both", "neither"


def axis_codes(codes: Codes, frame: ThemeFrame) -> Codes:
    """Classify each coded response by the axis: first pole only, second only, both or neither.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame``.
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    Codes
        Of the same coder, with the themes of :func:`axis_classes`. A response belongs to a pole if
        at least one theme of that domain was applied to it.

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    names = axis_classes(frame)
    ids = codes.seen["response_id"]
    first, second = pole_codes(codes, frame).matrix().T
    which = np.select([first & ~second, second & ~first, first & second], [0, 1, 2], default=3)
    table = pd.DataFrame(
        {
            "response_id": ids.to_numpy(dtype=object),
            "theme": np.array(names, dtype=object)[which],
            "score": np.nan,
        }
    )
    return replace(codes, themes=names, table=table, evidence=None)


def pole_codes(codes: Codes, frame: ThemeFrame) -> Codes:
    """Code each coded response for either pole of the axis, independently of the other.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame``.
    frame : ThemeFrame
        A frame that names two domains as its axis.

    Returns
    -------
    Codes
        Of the same coder, with the two poles as themes: a response may have one, both or neither.
        As :class:`iapt_topics.Codes`, they go into :func:`iapt_topics.measure_drift` (prevalence by
        year with intervals), :func:`iapt_topics.compare_codes` (agreement with a person) and, with
        hand codes of a random sample, :func:`iapt_topics.corrected_shares` (prevalence corrected by
        them).

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    axis_classes(frame)
    poles = tuple(frame.axis or ())
    rolled = codes.roll_up(frame)
    table = rolled.table[rolled.table["theme"].isin(poles)]
    return replace(rolled, themes=poles, table=table, labels={p: frame[p].label for p in poles})


def axis_scores(
    scores: pd.DataFrame, codes: Codes, frame: ThemeFrame, *, human: Codes | None = None
) -> pd.DataFrame:
    """Score each response on either pole of the axis, calibrated by logistic regression.

    Parameters
    ----------
    scores : DataFrame
        From :func:`iapt_topics.mapping.score_themes`.
    codes : Codes
        From :func:`iapt_topics.code_responses` on the same responses.
    frame : ThemeFrame
        The frame of both.
    human : Codes, optional
        A person's codes of a random sample of the responses, to calibrate the scores by.

    Returns
    -------
    DataFrame
        One row for each response: ``response_id``; one column for each pole, named by its id: the
        score of the response's best sentence for the pole's best theme, in standard deviations;
        ``class``: the one of :func:`axis_classes` that its codes put it in. With ``human``, for a
        pole ``I`` also ``I_predicted_probability`` that the person would apply it to a response
        of this score, with ``I_low``, ``I_high`` (95 % interval of that probability) and ``I_n``
        (human codes it rests on); and ``note``.

    Raises
    ------
    InputError
        If the frame has no axis, or a response was not coded.

    Notes
    -----
    Each pole is calibrated by a logistic regression of the hand codes on the score [1]_, with the
    variance between respondents [2]_. It is not done with fewer than 20 hand-coded responses, with
    fewer than 5 that have or have not the pole, or where the score separates them completely: the
    note says so. For prevalence in a year or over all years, :func:`iapt_topics.corrected_shares`
    of :func:`pole_codes` rests on less.

    References
    ----------
    .. [1] Platt (2000), "Probabilities for support vector machines", in Advances in large margin
       classifiers, MIT Press.
    .. [2] Liang and Zeger (1986), "Longitudinal data analysis using generalized linear models",
       Biometrika 73:13-22.
    """
    names = axis_classes(frame)
    require_columns(scores, ("response_id", "theme", "sentence"), "scores")
    pole = scores["theme"].map(frame.find_domain)
    best = scores.groupby(["response_id", pole], sort=False)["sentence"].max().unstack()
    ids = list(dict.fromkeys(scores["response_id"]))
    which = axis_codes(codes, frame).matrix(ids, names).argmax(axis=1)
    table = best.loc[ids, list(frame.axis or ())].rename_axis(columns=None).reset_index()
    table = table.assign(**{"class": np.array(names, dtype=object)[which]})
    return table if human is None else _calibrated(table, pole_codes(human, frame))


def _calibrated(table: pd.DataFrame, human: Codes) -> pd.DataFrame:
    """Add the probability of each pole given its score, and what could not be calibrated."""
    seen = human.seen[human.seen["response_id"].isin(table["response_id"])]
    given = human.matrix(seen["response_id"].tolist())
    columns: dict[str, Floats | int] = {}
    notes = []
    for y, pole in zip(given.T, human.themes, strict=True):
        every = table[pole].to_numpy(dtype=np.float64)
        score = table.set_index("response_id")[pole].loc[seen["response_id"]].to_numpy(np.float64)
        few = len(y) < FEWEST or min(y.sum(), (~y).sum()) < FEWEST_OF_EACH
        apart = not few and (score[y].min() > score[~y].max() or score[y].max() < score[~y].min())
        found = np.full((3, len(every)), np.nan)
        if few or apart:
            why = "too few hand codes" if few else "the score separates the hand codes completely"
            notes.append(f"{pole} is not calibrated: {why}.")
        else:
            found = _probability(score, y, number_clusters(seen), every)
        names = (f"{pole}_predicted_probability", f"{pole}_low", f"{pole}_high")
        columns |= dict(zip(names, found, strict=True)) | {f"{pole}_n": len(y)}
    return table.assign(**columns, note=" ".join(notes))


def _probability(score: Floats, y: Bools, who: Ints, at: Floats) -> Floats:
    """Probability of ``y`` at each score in ``at``, and its limits: shape (3, len(at))."""
    from scipy.special import expit
    from statsmodels.api import GLM, families

    design = np.stack([np.ones_like(score), score], axis=1)
    fit = GLM(y.astype(float), design, family=families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": who}
    )
    grid = np.stack([np.ones_like(at), at], axis=1)
    odds = grid @ fit.params
    half = normal_quantile() * np.sqrt(np.einsum("ij,jk,ik->i", grid, fit.cov_params(), grid))
    return np.asarray(expit([odds, odds - half, odds + half]))


def axis_by_topic(codes: Codes, frame: ThemeFrame, topics: Topics) -> pd.DataFrame:
    """Tabulate, by topic, the proportion of responses at each pole and in each class of the axis.

    Parameters
    ----------
    codes : Codes
        Coding by the themes of ``frame`` of the topics' responses.
    frame : ThemeFrame
        A frame that names two domains as its axis.
    topics : Topics
        Topics of the same responses.

    Returns
    -------
    DataFrame
        One row for each topic and each of the two poles and four classes: ``topic``; ``label``;
        ``theme`` (id of a pole, or name of a class); ``estimate``, ``low``, ``high`` (proportion of
        the topic's coded responses, 0 to 1, with a 95 % Wilson interval); ``n``; ``note``.

    Raises
    ------
    InputError
        If the frame has no axis.
    """
    seen = set(codes.seen["response_id"])
    members = topics.assignments[topics.assignments["response_id"].isin(seen)]
    label = topics.topics.set_index("topic")["label"]
    both = pole_codes(codes, frame), axis_codes(codes, frame)
    rows = []
    for topic, part in members[members["topic"] >= 0].groupby("topic"):
        ids = part["response_id"].tolist()
        for coded in both:
            count = coded.matrix(ids).sum(axis=0)
            low, high = wilson_interval(count, np.full(len(count), len(ids)))
            for j, theme in enumerate(coded.themes):
                share = count[j] / len(ids)
                rows.append((topic, label[topic], theme, share, low[j], high[j], len(ids), ""))
    columns = ["topic", "label", "theme", "estimate", "low", "high", "n", "note"]
    return pd.DataFrame(rows, columns=columns)
