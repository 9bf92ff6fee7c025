"""Learning from hand codes: the frame's scores say what to expect, the codes correct them.

With a hundred hand-coded responses most themes have a handful of positives: too few to learn a
theme from its codes alone. So the model starts from what the frame knows without any code, in two
steps. The first is one logistic regression over all pairs of response and theme, which turns the
frame's scores into log-odds; it has few coefficients, shared by all themes, and so learns from all
codes at once. The second lets each theme depart from that by a Gaussian process over the sentence
vectors: a theme with few positives stays where the frame put it, one with many is learned.

One random sample can teach and measure: the survey is divided at random, and each part is coded by
a model that learned from the hand codes of the others. Within a part the hand codes are then a
random sample of what a fixed model coded, whatever it learned elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.arrays import Bools, Floats, Floats32, Ints
from iapt_topics._base.errors import InputError, listed
from iapt_topics.codes.codes import Codes, refuse_sealed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.mapping.coding import as_codes, assign_themes
from iapt_topics.mapping.evidence import find_evidence
from iapt_topics.mapping.scoring import tabulate_scores
from iapt_topics.survey.responses import Responses, cluster_ids
from iapt_topics.topics.runs import nearest_rows

if TYPE_CHECKING:
    from iapt_topics.codes.sampling import SamplePlan
    from iapt_topics.encoders.embeddings import Embeddings
    from iapt_topics.frame.frame import ThemeFrame


#: Hand-coded responses below which nothing is learned.
FEWEST = 20
_FOLDS = 5
#: Vectors are averaged with those of their nearest responses, coded or not: what the codes say of
#: one is then said of its like.
_NEIGHBOURS = 15
#: Prior standard deviation, in log-odds, of a theme's departure from the frame's scores. Wide: the
#: vectors' similarities are mostly near 0, so that only like responses share in it.
_DEPARTURE = 10**0.5
#: The same for the shared slopes, and for how much more frequent a theme is than others: twice as
#: frequent, or half, is nothing unusual.
_SLOPE, _FREQUENCY = 10**0.5, 0.6
#: Strength of the prior that the cross-fitted log-odds are right as they are.
_TRUST = 10.0


def learn_codes(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    human: Codes,
    *,
    plan: SamplePlan | None = None,
    machine: Codes | None = None,
    seed: int = 7,
) -> Codes:
    """Code all responses by Gaussian-process classification, from the codebook and hand codes.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    human : Codes
        Of at least 20 kept responses. Only its themes are learned.
    plan : SamplePlan, optional
        Responses of its evaluation part, and others of the same respondents, are never trained on,
        even if they are in ``human``.
    machine : Codes, optional
        Codes without hand codes, as from :func:`iapt_topics.code_responses` with the topics'
        evidence; by default without it.
    seed : int, default 7
        Of the parts that the codes are cross-fitted in.

    Returns
    -------
    Codes
        Kind "machine", all kept responses; ``score`` is the calibrated probability of the theme,
        0 to 1; ``trained_on`` names the responses learned from. For those it is the probability
        from a model that had not seen them, nor any other response of the same respondent.
        They measure nothing; those of :func:`iapt_topics.mapping.cross_fit_codes` do.

    Raises
    ------
    InputError
        If fewer than 20 responses are left to learn from, one of them is a sealed test code, or a
        hand theme is not codable.

    Notes
    -----
    Let ``x`` be the frame's scores of a response and theme (whole response, best sentence, margin
    over other themes, applied or not without hand codes). The log-odds are ``w x + b_j + f_j``:
    ``w`` is shared by all themes, ``b_j`` is the theme's frequency, and ``f_j`` a Gaussian process
    with the cosine of the smoothed vectors as its covariance, all with normal priors of mean 0, at
    their posterior mode [1]_. A theme without positives has ``f_j = 0``: it rests on the frame, but
    for ``b_j``, which falls with each hand-coded response to which the frame applies it and the
    coder does not. Where the two contradict, the coder wins by degrees: a few denials leave the
    theme, many take it from the responses that were not coded too, for they tell how the theme is
    used in this survey. It then keeps a low probability where it is still applied, for each theme
    is applied to one response at least. The log-odds are calibrated by one slope and one intercept
    on cross-fitted values [2]_, in folds that keep each respondent together. A theme is applied
    where its probability passes the threshold that maximises the expected F1 over the responses
    outside the evaluation part [3]_; this uses probabilities alone, so the threshold is not fitted
    to the codes a second time.

    References
    ----------
    .. [1] Rasmussen and Williams (2006), "Gaussian processes for machine learning", chapter 3, MIT
       Press.
    .. [2] Platt (2000), "Probabilities for support vector machines", in Advances in large margin
       classifiers, MIT Press.
    .. [3] Lipton, Elkan and Naryanaswamy (2014), "Optimal thresholding of classifiers to maximize
       F1 measure", ECML PKDD.
    """
    held = plan.held_out(responses) if plan is not None else frozenset[str]()
    refuse_sealed(human, set(responses.kept["response_id"]) & set(human.seen["response_id"]) - held)
    return _learn(responses, embeddings, frame, encoder, human, machine, _Parts(held, None, seed))


def cross_fit_codes(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    human: Codes,
    *,
    machine: Codes | None = None,
    folds: int = 5,
    seed: int = 7,
) -> Codes:
    """Code all responses in random parts, each by a model taught by hand codes of the others.

    One random sample can then teach the machine and measure it.

    Parameters
    ----------
    responses : Responses
        The survey.
    embeddings : Embeddings
        Of the same responses.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    human : Codes
        A random sample. Sealed test codes may be in it: none teaches a model that it measures.
    machine : Codes, optional
        As for :func:`iapt_topics.learn_codes`.
    folds : int, default 5
        Parts, 2 or more.
    seed : int, default 7
        Of the parts that the survey is coded in and that codes are cross-fitted in.

    Returns
    -------
    Codes
        As of :func:`iapt_topics.learn_codes`; ``cross_fitted`` names the responses in
        ``trained_on`` that can measure them: all but those that taught ``machine``, be it in other
        parts. Those in ``human.picked`` teach, and stand for no others.

    Raises
    ------
    InputError
        If ``folds`` is below 2, a part leaves fewer than 20 hand codes to learn from, or a hand
        theme is not codable.

    Notes
    -----
    Respondents are divided at random into the parts, those with hand codes and the others apart,
    and all that :func:`iapt_topics.learn_codes` does is done anew for each part. Weights,
    calibration and thresholds of a part know none of its hand codes, which are thus a random sample
    of what a fixed model coded [1]_ [2]_. Estimates over all parts are unbiased; that their
    intervals hold rests on the models of different parts being much alike, since each learned from
    most of the same codes [1]_. A response is coded by one of these models, never by their mean:
    hand-coded ones could not be, and would differ from the rest. The price is that each model
    learned from fewer codes.

    References
    ----------
    .. [1] Zrnic and Candes (2024), "Cross-prediction-powered inference", PNAS 121:e2322083121.
    .. [2] Egami, Hinck, Stewart and Wei (2023), "Using imperfect surrogates for downstream
       inference", NeurIPS 36.
    """
    parts = _Parts(frozenset(), folds, seed)
    return _learn(responses, embeddings, frame, encoder, human, machine, parts)


class _Parts(NamedTuple):
    """Responses never to learn from, and in how many parts the survey is coded, if it is."""

    held: frozenset[str]
    folds: int | None
    seed: int


def _learn(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    human: Codes,
    machine: Codes | None,
    parts: _Parts,
) -> Codes:
    held, folds, seed = parts
    # Sorted, so that the order of the file cannot matter where responses are equally near.
    responses = replace(responses, table=responses.table.sort_values("response_id"))
    kept = responses.kept
    ids = kept["response_id"].tolist()
    codable = [t.id for t in frame.codable]
    themes = [t for t in codable if t in human.themes]
    other = [t for t in human.themes if t not in codable]
    if other:
        raise InputError(
            "human", "must contain codable themes of the frame", listed(other), "Correct it."
        )
    coded = [r for r in human.seen["response_id"] if r in set(ids) and r not in held]
    if len(coded) < FEWEST:
        raise InputError(
            "learning from hand codes",
            f"needs at least {FEWEST} hand-coded responses outside the evaluation part",
            f"{len(coded)}", "Code more, or use code_responses(), which needs none.",
        )  # fmt: skip
    rows = pd.Index(ids).get_indexer(pd.Index(coded))
    y = human.matrix(coded, themes).astype(np.float64)
    sentences, plain = assign_themes(responses, embeddings, frame, encoder)
    if machine is None:
        machine = as_codes(sentences, plain, responses, frame)
    scores = tabulate_scores(sentences, frame)
    columns = [codable.index(t) for t in themes]
    features = [
        _scaled(scores[name].to_numpy(float).reshape(len(ids), -1)[:, columns], axis)
        for name, axis in {"score": 0, "sentence": None, "margin": None}.items()
    ]
    x = np.stack([*features, machine.matrix(ids, themes).astype(np.float64)], axis=2)
    people = cluster_ids(kept)
    part = np.zeros(len(ids), dtype=np.intp) if folds is None else _parts(people, rows, folds, seed)
    taught = _Taught(x, _likeness(embeddings.rows(ids), rows), rows, y, people)
    free = np.array([r not in held for r in ids])
    probability, given = taught.code(part, free, folds is not None, seed)
    at, theme = np.nonzero(given)
    table = pd.DataFrame(
        {
            "response_id": np.array(ids, dtype=object)[at],
            "theme": np.array(themes, dtype=object)[theme],
            "score": probability[at, theme],
        }
    )
    return Codes(
        coder="machine, taught",
        kind="machine",
        themes=tuple(themes),
        seen=kept[["response_id", "respondent_id"]],
        table=table,
        trained_on=frozenset(coded) | machine.trained_on,
        cross_fitted=frozenset(coded) - machine.trained_on if folds is not None else frozenset(),
        evidence=find_evidence(sentences, table, responses, frame, encoder),
    )


class _Taught(NamedTuple):
    """What there is to learn from: features and likeness of all responses, and the hand codes."""

    x: Floats
    kernel: Floats
    rows: Ints
    y: Floats
    people: NDArray[np.str_]

    def code(self, part: Ints, free: Bools, crossed: bool, seed: int) -> tuple[Floats, Bools]:
        """Probability of every response and theme, and whether it passes the part's threshold."""
        probability = np.zeros((len(part), self.y.shape[1]))
        given = np.zeros(probability.shape, bool)
        for k in np.unique(part):
            own = part == k
            found = self.without(own & crossed, seed)
            probability[own] = found[own]
            given[own] = found[own] >= np.array([_threshold(p) for p in found[free].T])
        return probability, given

    def without(self, part: Bools, seed: int) -> Floats:
        """Probability of every response and theme, learned from no hand code of the part."""
        use = ~part[self.rows]
        rows = self.rows[use]
        folds = _folds(self.people[rows], seed)
        return _calibrated(self.x, self.kernel[:, use], rows, self.y[use], folds)


def _parts(people: NDArray[np.str_], rows: Ints, folds: int, seed: int) -> Ints:
    """Part of each response: respondents with hand codes, and others, are divided evenly."""
    _, who = np.unique(people, return_inverse=True)
    coded = np.zeros(who.max() + 1, dtype=bool)
    coded[who[rows]] = True
    rng, part = np.random.default_rng(seed), np.zeros(len(coded), dtype=np.intp)
    for group in (np.flatnonzero(coded), np.flatnonzero(~coded)):
        part[rng.permutation(group)] = np.arange(len(group)) % max(folds, 1)
    out = part[who]
    left = len(rows) - int(np.bincount(out[rows]).max())
    if folds < 2 or left < FEWEST:
        raise InputError(
            "folds", f"must be 2 or more and leave each part {FEWEST} hand codes to learn from",
            f"{folds}, with {len(rows)} hand-coded responses",
            "Use folds=5, or code more responses.",
        )  # fmt: skip
    return np.asarray(out)


def _calibrated(x: Floats, kernel: Floats, rows: Ints, y: Floats, folds: Ints) -> Floats:
    """Probability of every response and theme; that of a coded one is cross-fitted."""
    crossed = np.zeros_like(y)
    for fold in range(_FOLDS):
        out = folds == fold
        if out.any() and not out.all():
            crossed[out] = _fit(x, kernel, rows, y, ~out)[rows[out]]
    odds = _fit(x, kernel, rows, y, np.ones(len(rows), dtype=bool))
    odds[rows] = crossed
    design = np.stack([crossed.ravel(), np.ones(crossed.size)], axis=1)
    slope = _mode(design, y.ravel(), np.full(2, _TRUST), 0.0, np.array([1.0, 0.0]))
    return _logistic(slope[0] * odds + slope[1])


def _scaled(values: Floats, axis: int | None) -> Floats:
    spread = values.std(axis=axis)
    return np.asarray((values - values.mean(axis=axis)) / np.where(spread > 0, spread, 1.0))


def _likeness(vectors: Floats32, rows: Ints) -> Floats:
    """Cosine of each response to each coded one, of vectors smoothed over their neighbours."""
    near, _ = nearest_rows(vectors, min(_NEIGHBOURS + 1, len(vectors)))
    smooth = vectors.astype(np.float64)
    if near.shape[1] > 1:
        smooth = smooth + vectors[near[:, 1:]].mean(axis=1)
    smooth -= smooth.mean(axis=0)
    length = np.linalg.norm(smooth, axis=1, keepdims=True)
    smooth /= np.where(length > 0, length, 1.0)
    return np.asarray(smooth @ smooth[rows].T)


def _folds(people: NDArray[np.str_], seed: int) -> Ints:
    """Part of each coded response; all of a respondent's are in one."""
    _, who = np.unique(people, return_inverse=True)
    part = np.arange(who.max() + 1) % _FOLDS
    np.random.default_rng(seed).shuffle(part)
    return np.asarray(part[who], dtype=np.intp)


def _fit(x: Floats, kernel: Floats, rows: Ints, y: Floats, use: Bools) -> Floats:
    """Log-odds of every response and theme, learned from the coded rows in ``use``."""
    k, q = x.shape[1:]
    coded, codes = rows[use], y[use]
    m = len(coded)
    own = np.tile(np.eye(k), (m, 1))
    shared = np.column_stack([x[coded].reshape(m * k, q), np.ones(m * k), own])
    precision = np.concatenate([np.full(q + 1, _SLOPE**-2), np.full(k, _FREQUENCY**-2)])
    w = _mode(shared, codes.ravel(), precision, 0.0, np.zeros(q + 1 + k))
    odds = np.asarray(x @ w[:q] + w[q] + w[q + 1 :])
    among = kernel[:, use]
    values, vectors = np.linalg.eigh(among[coded])
    keep = values > 1e-8 * values[-1]
    root = np.sqrt(values[keep])
    basis = np.column_stack([vectors[:, keep] * root, np.ones(m)])
    precision = np.append(np.full(int(keep.sum()), _DEPARTURE**-2), _FREQUENCY**-2)
    for j in np.flatnonzero(codes.any(axis=0)):
        u = _mode(basis, codes[:, j], precision, odds[coded, j], np.zeros(len(precision)))
        odds[:, j] += among @ (vectors[:, keep] @ (u[:-1] / root)) + u[-1]
    return odds


def _mode(
    design: Floats, y: Floats, precision: Floats, offset: Floats | float, mean: Floats
) -> Floats:
    """Posterior mode of a logistic regression with independent normal priors, by Newton's steps."""
    w = mean.copy()
    for _ in range(50):
        p = _logistic(design @ w + offset)
        slope = design.T @ (p - y) + precision * (w - mean)
        curve = (design.T * np.maximum(p * (1 - p), 1e-9)) @ design + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        largest = float(np.abs(step).max())
        w -= step * min(1.0, 5.0 / largest if largest > 0 else 1.0)
        if largest < 1e-6:
            break
    return w


def _logistic(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _threshold(probability: Floats) -> float:
    """Probability above which the expected F1 is largest."""
    ranked = np.sort(probability)[::-1]
    f1 = 2 * np.cumsum(ranked) / (np.arange(1, len(ranked) + 1) + ranked.sum())
    return float(ranked[f1.argmax()])
