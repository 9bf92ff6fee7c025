"""Place topics and single responses on a theme frame, without a hand-coded response.

What a text says of each theme is scored in :mod:`iapt_topics.mapping.scoring`; here it is decided which
themes a topic or a response is given, and which is left without, and each decision is explained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iapt_topics._base.errors import InputError
from iapt_topics._base.one_line import one_line
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder, encode_themes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.scoring import (
    SentenceScores,
    Yardstick,
    nearness_in_meaning,
    score_sentences,
    theme_anchors,
)
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.topics import Topics

#: What a person's decision on a topic and a theme moves the scores of the topic's responses by, in
#: standard deviations, times the support of a response's place in the topic.
DECISION_WEIGHT = 1.0
#: As many sentences are taken to speak of no theme as are less near to their best theme than this
#: part of all sentences are to a theme that is not their best.
RUNNER_UP_QUANTILE = 0.25
#: How fast the chance of a theme rises with its score over those of others, and the chance of any
#: theme with nearness and score together; both in standard deviations.
THEME_SLOPE, ANY_SLOPE = 5.0, 4.0
#: The same for a topic and its themes: a topic is a mean of many, so more is asked of it.
TOPIC_QUANTILE = 0.9
_MOST_THEMES = 3


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TopicMapping:
    """Which themes a topic speaks of: many to many, with abstention.

    Attributes
    ----------
    scores : DataFrame
        One row for each topic and codable theme, in the order of both: ``topic``; ``label`` (of
        the topic); ``theme``; ``theme_label``; ``score`` (how much nearer the topic's responses
        are to the theme than all responses are to it, and than they are to other themes, as a
        difference of cosines); ``low``, ``high`` (95 % interval of that mean over the
        topic's responses); ``n`` (responses); ``chosen``; ``decision`` (``""``, or what a person
        said by :func:`apply_edits`: "accept", "reject" or "add"); ``note``.
    frame : ThemeFrame
    threshold : float
        Score that a theme has to pass to be chosen.
    """

    scores: pd.DataFrame
    frame: ThemeFrame
    threshold: float

    __repr__ = one_line

    @property
    def table(self) -> pd.DataFrame:
        """Chosen pairs, best first within a topic; a topic without one has theme ``""``.

        Columns ``topic``, ``label``, ``theme``, ``theme_label``, ``score``, ``margin`` (score less
        threshold), ``n``, ``note``.
        """
        ranked = self.scores.sort_values(["topic", "score"], ascending=[True, False], kind="stable")
        best = ranked.drop_duplicates("topic")
        abstained = best[~best["chosen"]].assign(
            theme="", theme_label="", note="no theme passes the threshold: perhaps a new theme"
        )
        rows = pd.concat([ranked[ranked["chosen"]], abstained])
        rows = rows.assign(margin=rows["score"] - self.threshold)
        columns = ["topic", "label", "theme", "theme_label", "score", "margin", "n", "note"]
        return rows.sort_values("topic", kind="stable")[columns].reset_index(drop=True)

    def _repr_html_(self) -> str:
        """The chosen pairs, and how near each topic is to each theme."""
        from iapt_topics.figures.notebook import as_html
        from iapt_topics.figures.topics import mapping_figure

        topics = self.scores["topic"].nunique()
        title = f"{topics} topics mapped onto {len(self.frame.codable)} themes"
        themes = {t.id: t.label for t in self.frame.themes}
        return as_html(
            title, {"table": self.table}, lambda: mapping_figure(self.scores, themes=themes)
        )

    @property
    def themes_without_topic(self) -> tuple[str, ...]:
        """Ids of the codable themes that no topic reaches."""
        reached = set(self.scores.loc[self.scores["chosen"], "theme"])
        return tuple(t.id for t in self.frame.codable if t.id not in reached)


def map_topics(
    topics: Topics, frame: ThemeFrame, encoder: Encoder, *, embeddings: Embeddings
) -> TopicMapping:
    """Score every topic against every codable theme and choose what stands out.

    Parameters
    ----------
    topics : Topics
        From :func:`iapt_topics.fit_topics`.
    frame : ThemeFrame
        The codebook.
    encoder : Encoder
        The one that made the embeddings.
    embeddings : Embeddings
        Those that the topics were fitted to.

    Returns
    -------
    TopicMapping
        Scores of every topic and codable theme, and which are chosen.

    Raises
    ------
    InputError
        If the encoder is not the one that made the embeddings.

    Notes
    -----
    The threshold needs no hand code: it is the 90th percentile of the scores of themes that are
    not their topic's best one, so a theme is chosen when it stands as far out as few others do, and
    at least half as far as the topic's best. At most three are chosen for a topic. No chosen pair
    is a finding before a person has read it.
    """
    require_same_encoder(encoder, embeddings)
    members = topics.assignments.loc[topics.assignments["topic"] >= 0]
    vectors = embeddings.rows(members["response_id"].tolist())
    scores = nearness_in_meaning(vectors, frame, encoder)
    scores = scores - scores.mean(axis=0)
    if scores.shape[1] > 1:
        scores = scores - scores.mean(axis=1, keepdims=True)
    topic = members["topic"].to_numpy()
    n_topics = len(topics.topics)
    n = np.bincount(topic, minlength=n_topics)
    mean = np.stack([scores[topic == t].mean(axis=0) for t in range(n_topics)])
    spread = np.stack([scores[topic == t].std(axis=0) for t in range(n_topics)])
    half = 1.96 * spread / np.sqrt(n)[:, None]
    threshold = _threshold(mean)
    rank = (-mean).argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
    stands_out = (mean > threshold) & (mean >= mean.max(axis=1, keepdims=True) / 2)
    themes = frame.codable
    rows = pd.DataFrame(
        {
            "topic": np.repeat(np.arange(n_topics), len(themes)),
            "label": np.repeat(topics.topics["label"].to_numpy(dtype=object), len(themes)),
            "theme": [t.id for t in themes] * n_topics,
            "theme_label": [t.label for t in themes] * n_topics,
            "score": mean.ravel(),
            "low": (mean - half).ravel(),
            "high": (mean + half).ravel(),
            "n": np.repeat(n, len(themes)),
            "chosen": (stands_out & (rank < _MOST_THEMES)).ravel(),
            "decision": "",
            "note": np.repeat(np.where(n < 2, "one response: no interval", ""), len(themes)),
        }
    )
    return TopicMapping(scores=rows, frame=frame, threshold=threshold)


def code_responses(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
) -> Codes:
    """Give themes to every kept response, none where nothing stands out.

    Each sentence gets its best theme, or none; a response has the themes of its sentences. How a
    sentence is scored is described at :func:`iapt_topics.score_themes`; where ``mapping`` and
    ``topics`` are given, what people decided on the response's topic counts, too.

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
    mapping : TopicMapping, optional
        Of the topics onto this frame, with decisions by :func:`apply_edits`; without a decision
        it changes nothing. Together with ``topics`` or not at all.
    topics : Topics, optional
        Of the same responses.

    Returns
    -------
    Codes
        Kind "machine"; ``score`` is the best sentence's, in standard deviations; larger is surer.
        It is not a probability.

    Raises
    ------
    InputError
        If only one of mapping and topics is given, or the encoder is not the embeddings' one.

    Notes
    -----
    A sentence gets its best theme when that is more likely than not. The chance is a product: that
    the sentence speaks of any theme, a logistic function of its nearness to its best theme and of
    that theme's score; and that it is this theme, the share of its score's exponential in those of
    all themes. How many sentences speak of none is told by nearness: as many as are less near to
    their best theme than a quarter of all sentences are to their nearest other one. The slopes were
    chosen on several sets together and no hand code was used, so the chance orders sentences; it
    has not been calibrated.
    """
    scores, given = decide(responses, embeddings, frame, encoder, mapping, topics)
    return as_codes(scores, given, responses, frame)


def as_codes(
    scores: SentenceScores, given: NDArray[np.bool_], responses: Responses, frame: ThemeFrame
) -> Codes:
    """Codes of the kept responses from what :func:`decide` decided."""
    best = scores.score.argmax(axis=1)
    top = scores.score.max(axis=1)
    table = (
        pd.DataFrame({"row": scores.owner[given], "theme": best[given], "score": top[given]})
        .groupby(["row", "theme"], as_index=False)["score"]
        .max()
    )
    themes = tuple(t.id for t in frame.codable)
    return Codes(
        coder="machine",
        kind="machine",
        themes=themes,
        seen=responses.kept[["response_id", "respondent_id"]],
        table=pd.DataFrame(
            {
                "response_id": np.array(scores.response_id, dtype=object)[table["row"]],
                "theme": np.array(themes, dtype=object)[table["theme"]],
                "score": table["score"].to_numpy(dtype=float),
            }
        ),
    )


def explain_codes(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    *,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
) -> pd.DataFrame:
    """Say for each sentence which theme it was given, by which words of the frame, and how clearly.

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
    mapping : TopicMapping, optional
        The one that was given to :func:`code_responses`, whose decisions are explained.
    topics : Topics, optional
        Likewise.

    Returns
    -------
    DataFrame
        One row for each sentence of each kept response, in order: ``response_id``; ``sentence``
        (its place in the response, from 0); ``text``; ``theme`` (given; ``""`` if none); ``score``;
        ``margin`` (its score less the next theme's; NaN in a frame of one theme); ``runner_up``
        (that theme); ``nearness`` (cosine to the best theme's anchors); ``anchor``,
        ``anchor_kind`` (the text of the best theme that is nearest in meaning, and its field in
        the frame); ``note``.

    Raises
    ------
    InputError
        As for :func:`code_responses`.
    """
    scores, given = decide(responses, embeddings, frame, encoder, mapping, topics)
    ids = np.array([t.id for t in frame.codable], dtype=object)
    order = np.argsort(-scores.score, axis=1, kind="stable")
    rows = np.arange(len(order))
    best = order[:, 0]
    top = scores.score[rows, best]
    margin, runner_up = np.full(len(rows), np.nan), np.full(len(rows), "", dtype=object)
    if len(ids) > 1:
        margin, runner_up = top - scores.score[rows, order[:, 1]], ids[order[:, 1]]
    anchors = theme_anchors(frame)
    of = np.array([a.theme for a in anchors], dtype=object)
    cosines = scores.vectors @ encode_themes(encoder, [a.text for a in anchors]).T
    nearest = np.where(of == ids[best][:, None], cosines, -np.inf).argmax(axis=1)
    return pd.DataFrame(
        {
            "response_id": np.array(scores.response_id, dtype=object)[scores.owner],
            "sentence": pd.Series(scores.owner).groupby(scores.owner).cumcount(),
            "text": scores.sentences,
            "theme": np.where(given, ids[best], ""),
            "score": top,
            "margin": margin,
            "runner_up": runner_up,
            "nearness": scores.nearness[rows, best],
            "anchor": [anchors[i].text for i in nearest],
            "anchor_kind": [anchors[i].kind for i in nearest],
            "note": np.where(
                given,
                "",
                "left without a theme: not near enough to its best one, or too near to two",
            ),
        }
    )


def decide(
    responses: Responses,
    embeddings: Embeddings,
    frame: ThemeFrame,
    encoder: Encoder,
    mapping: TopicMapping | None = None,
    topics: Topics | None = None,
    fixed: Yardstick | None = None,
) -> tuple[SentenceScores, NDArray[np.bool_]]:
    """Score every sentence, and say which are given their best theme.

    With ``fixed``, by what an earlier survey (or part of one) was measured by.
    """
    if (mapping is None) != (topics is None):
        raise InputError(
            "code_responses()",
            "needs mapping and topics together",
            "one of them",
            "Pass both, or neither.",
        )
    if mapping is not None and mapping.frame.ids != frame.ids:
        raise InputError(
            "code_responses()",
            "needs a mapping onto the same frame",
            f"one onto {mapping.frame.name!r}",
            "Run map_topics() with this frame.",
        )
    evidence: NDArray[np.float64] | float = 0.0
    if mapping is not None and topics is not None:
        evidence = _decided(responses.kept, mapping, topics)
    scores = score_sentences(responses, embeddings, frame, encoder, evidence, fixed)
    rows, best = np.arange(len(scores.score)), scores.score.argmax(axis=1)
    near = scores.nearness[rows, best]
    if fixed is None:
        speaks = _speaks(scores.score, scores.nearness)
        scores = replace(scores, yardstick=replace(scores.yardstick, speaks=speaks))
    if scores.nearness.shape[1] == 1:
        return scores, near > scores.yardstick.speaks[2]
    return scores, _chance(scores.score, scores.nearness, scores.yardstick.speaks) >= 0.5


def _speaks(
    score: NDArray[np.float64], nearness: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Spread of nearness and of score to the best theme, and the sum of both where any begins."""
    rows, best = np.arange(len(score)), score.argmax(axis=1)
    top, near = score[rows, best], nearness[rows, best]
    if nearness.shape[1] == 1:
        return 1.0, np.inf, float(np.median(near))
    # What does not vary tells nothing.
    of_near, of_top = (float(x.std()) or np.inf for x in (near, top))
    others = nearness.copy()
    others[rows, best] = -np.inf
    none = near < np.quantile(others.max(axis=1), RUNNER_UP_QUANTILE)
    if not none.any():
        return of_near, of_top, -np.inf
    return of_near, of_top, float(np.quantile(near / of_near + top / of_top, none.mean()))


def _chance(
    score: NDArray[np.float64], nearness: NDArray[np.float64], speaks: tuple[float, float, float]
) -> NDArray[np.float64]:
    """How likely each sentence is to speak of its best theme, 0 to 1."""
    rows, best = np.arange(len(score)), score.argmax(axis=1)
    top, near = score[rows, best], nearness[rows, best]
    this = 1 / np.exp(THEME_SLOPE * (score - top[:, None])).sum(axis=1)
    of_near, of_top, begins = speaks
    spoken = near / of_near + top / of_top - begins
    return np.asarray(this / (1 + np.exp(np.clip(-ANY_SLOPE * spoken, -30, 30))))


def _decided(kept: pd.DataFrame, mapping: TopicMapping, topics: Topics) -> NDArray[np.float64]:
    """What people decided on each response's topic, for or against each theme.

    The machine's own mapping of a topic adds nothing: codes were better without it.
    """
    sign = mapping.scores["decision"].map({"accept": 1.0, "add": 1.0, "reject": -1.0}).fillna(0.0)
    by_topic = mapping.scores.assign(sign=sign).pivot(index="topic", columns="theme", values="sign")
    by_topic = by_topic[[t.id for t in mapping.frame.codable]]
    place = topics.assignments.set_index("response_id").loc[kept["response_id"]]
    weight = np.where(place["topic"] >= 0, place["support"], 0.0)[:, None]
    said: NDArray[np.float64] = by_topic.to_numpy(dtype=np.float64)[place["nearest"]] * weight
    return DECISION_WEIGHT * said


def _threshold(scores: NDArray[np.float64]) -> float:
    """Quantile of the scores of the themes that are not their row's best."""
    if scores.shape[1] < 2:
        return float(np.quantile(scores, TOPIC_QUANTILE)) if len(scores) > 1 else -1.0
    others = np.sort(scores, axis=1)[:, :-1]
    return float(np.quantile(others, TOPIC_QUANTILE))


def mapping_coverage(mapping: TopicMapping, topics: Topics) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Say which themes no topic reaches, and which topics no theme explains.

    Parameters
    ----------
    mapping : TopicMapping
        As computed, or after :func:`apply_edits`.
    topics : Topics
        Those that were mapped.

    Returns
    -------
    themes : DataFrame
        One row for each codable theme: ``theme``; ``theme_label``; ``n_topics``; ``estimate``,
        ``low``, ``high`` (share of all responses that are in those topics, with a 95 % Wilson
        interval for sampling alone); ``n`` (all responses); ``note``.
    topics : DataFrame
        One row for each topic: ``topic``; ``label``; ``words``; ``n_themes``; ``estimate``,
        ``low``, ``high``, ``n`` (its share, as above); ``nearest`` (the theme that it scores
        highest, chosen or not); ``score``; ``note``. Topics without a theme are candidates for
        new themes.
    """
    n = len(topics.assignments)
    pairs = mapping.scores[mapping.scores["chosen"]]
    of = pairs.groupby("theme")["n"]
    themes = pd.DataFrame({"theme": [t.id for t in mapping.frame.codable]})
    themes["theme_label"] = [t.label for t in mapping.frame.codable]
    themes["n_topics"] = themes["theme"].map(of.size()).fillna(0).astype(int)
    themes["given"] = themes["theme"].map(of.sum()).fillna(0)
    themes["note"] = np.where(
        themes["n_topics"] == 0, "no topic reaches it: absent, or too rare for one of its own", ""
    )
    best = mapping.scores.sort_values("score", ascending=False, kind="stable")
    best = best.drop_duplicates("topic").set_index("topic")
    found = topics.topics[["topic", "label", "words"]].reset_index(drop=True)
    at = found["topic"]
    found["n_themes"] = at.map(pairs.groupby("topic").size()).fillna(0).astype(int)
    found["given"] = topics.topics["n"].to_numpy(dtype=int)
    found["nearest"] = at.map(best["theme"])
    found["score"] = at.map(best["score"])
    found["note"] = np.where(
        found["n_themes"] == 0, "no theme explains it: candidate for a new theme", ""
    )
    return _with_share(themes, n), _with_share(found, n)


def _with_share(table: pd.DataFrame, n: int) -> pd.DataFrame:
    given = table.pop("given").to_numpy(dtype=float)
    low, high = wilson_interval(given, n)
    note = table.pop("note")
    return table.assign(estimate=given / n, low=low, high=high, n=n, note=note)
