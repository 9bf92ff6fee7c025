"""Place topics on a theme frame, without a hand-coded response: many to many, with abstention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats
from iapt_topics._base.result import Result
from iapt_topics.encoders.embeddings import Embeddings, require_same_encoder
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.mapping.views import nearness_in_meaning
from iapt_topics.stats.intervals import wilson_interval
from iapt_topics.topics.topics import Topics

#: The threshold of a topic's themes is this quantile of the scores that are not their topic's best.
TOPIC_QUANTILE = 0.9
_MOST_THEMES = 3


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class TopicMapping(Result):
    """A many-to-many mapping of topics to themes, with abstention.

    Attributes
    ----------
    scores : DataFrame
        One row for each topic and codable theme, in the order of both: ``topic``; ``label`` (of
        the topic); ``theme``; ``theme_label``; ``score`` (how much nearer the topic's responses
        are to the theme than all responses are to it, and than they are to other themes, as a
        difference of cosines); ``low``, ``high`` (95 % interval of that mean over the
        topic's responses); ``n`` (responses); ``chosen``; ``decision`` (``""``, or what a person
        said by :func:`iapt_topics.mapping.apply_edits`: "accept", "reject" or "add"); ``note``.
    frame : ThemeFrame
    threshold : float
        Score that a theme has to pass to be chosen.
    """

    scores: pd.DataFrame
    frame: ThemeFrame
    threshold: float

    @property
    def table(self) -> pd.DataFrame:
        """Matched pairs, best first within a topic; the theme of a topic without one is ``""``.

        Columns ``topic``, ``label``, ``theme``, ``theme_label``, ``score``, ``margin`` (score less
        threshold), ``n``, ``note``.
        """
        ranked = self.scores.sort_values(["topic", "score"], ascending=[True, False], kind="stable")
        best = ranked.drop_duplicates("topic")
        reached = ranked.loc[ranked["chosen"], "topic"]
        abstained = best[~best["topic"].isin(reached)].assign(
            theme="", theme_label="", note="no theme passes the threshold: perhaps a new theme"
        )
        rows = pd.concat([ranked[ranked["chosen"]], abstained])
        rows = rows.assign(margin=rows["score"] - self.threshold)
        columns = ["topic", "label", "theme", "theme_label", "score", "margin", "n", "note"]
        return rows.sort_values("topic", kind="stable")[columns].reset_index(drop=True)

    _view = ("table",)

    def _title(self) -> str:
        topics = self.scores["topic"].nunique()
        return f"{topics} topics mapped onto {len(self.frame.codable)} themes"

    def _picture(self) -> str:
        from iapt_topics.figures.notebook import as_picture
        from iapt_topics.figures.topics import mapping_figure

        labels = {t.id: t.label for t in self.frame.themes}
        return as_picture(self._title(), lambda: mapping_figure(self.scores, labels=labels))

    @property
    def themes_without_topic(self) -> tuple[str, ...]:
        """Ids of the codable themes that no topic matches."""
        reached = set(self.scores.loc[self.scores["chosen"], "theme"])
        return tuple(t.id for t in self.frame.codable if t.id not in reached)


def map_topics(
    topics: Topics, frame: ThemeFrame, encoder: Encoder, *, embeddings: Embeddings
) -> TopicMapping:
    """Map topics to themes: relevance scores, and matches above a data-driven threshold.

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


def _threshold(scores: Floats) -> float:
    """Quantile of the scores of the themes that are not their row's best."""
    if scores.shape[1] < 2:
        return float(np.quantile(scores, TOPIC_QUANTILE)) if len(scores) > 1 else -1.0
    others = np.sort(scores, axis=1)[:, :-1]
    return float(np.quantile(others, TOPIC_QUANTILE))


def mapping_coverage(mapping: TopicMapping, topics: Topics) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tabulate which themes no topic covers, and which topics no theme covers.

    Parameters
    ----------
    mapping : TopicMapping
        As computed, or after :func:`iapt_topics.mapping.apply_edits`.
    topics : Topics
        Those that were mapped.

    Returns
    -------
    themes : DataFrame
        One row for each codable theme: ``theme``; ``theme_label``; ``n_topics``; ``estimate``,
        ``low``, ``high`` (proportion of all responses that are in those topics, with a 95 % Wilson
        interval for sampling alone); ``n`` (all responses); ``note``.
    topics : DataFrame
        One row for each topic: ``topic``; ``label``; ``words``; ``n_themes``; ``estimate``,
        ``low``, ``high``, ``n`` (its prevalence, as above); ``nearest`` (the theme that it scores
        highest, chosen or not); ``score``; ``note``. Topics without a theme are candidates for new
        themes.
    """
    n = len(topics.assignments)
    pairs = mapping.scores[mapping.scores["chosen"]]
    of = pairs.groupby("theme")["n"]
    themes = pd.DataFrame({"theme": [t.id for t in mapping.frame.codable]})
    themes["theme_label"] = [t.label for t in mapping.frame.codable]
    themes["n_topics"] = themes["theme"].map(of.size()).fillna(0).astype(int)
    themes["given"] = themes["theme"].map(of.sum()).fillna(0)
    themes["note"] = np.where(
        themes["n_topics"] == 0, "no matching topic: absent, or too rare to form one", ""
    )
    best = mapping.scores.sort_values("score", ascending=False, kind="stable")
    best = best.drop_duplicates("topic").set_index("topic")
    found = topics.topics[["topic", "label", "words"]].reset_index(drop=True)
    at = found["topic"]
    found["n_themes"] = at.map(pairs.groupby("topic").size()).fillna(0).astype(int)
    found["given"] = topics.topics["n"].to_numpy(dtype=int)
    found["nearest"] = at.map(best["theme"])
    found["score"] = at.map(best["score"])
    found["note"] = np.where(found["n_themes"] == 0, "no matching theme: may be a new theme", "")
    return _with_share(themes, n), _with_share(found, n)


def _with_share(table: pd.DataFrame, n: int) -> pd.DataFrame:
    given = table.pop("given").to_numpy(dtype=float)
    low, high = wilson_interval(given, n)
    note = table.pop("note")
    return table.assign(estimate=given / n, low=low, high=high, n=n, note=note)
