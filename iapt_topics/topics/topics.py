"""Topics as a consensus of many BERTopic-style runs.

BERTopic (Grootendorst 2022) lays the embeddings out with UMAP, clusters the layout with HDBSCAN
and describes each cluster by class-based TF-IDF. One such run on a survey of about a thousand
comments depends heavily on its seed. Here many runs, each on other respondents and with other
settings, choose among clusterings that depend on the data alone
(:mod:`iapt_topics.topics.consensus`), and say how far each response and each topic can be relied
on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics._base.door import Checked
from iapt_topics._base.errors import InputError
from iapt_topics._base.result import Result
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.survey.responses import Responses

UNASSIGNED = -1
#: BERTopic as it comes, for the members of the consensus.
BERTOPIC = "bertopic"
_OWN_MODEL = "BERTopic("  # how the words of a model of one's own begin
EDIT_COLUMNS = ["action", "topics", "detail", "who", "when", "why", "note"]
#: A response that fewer than this share of runs place in its topic has no stable topic.
MIN_SUPPORT = 0.5
#: Part of the fitted responses that are farther from their nearest topic than its cutoff.
NOVELTY_QUANTILE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicConfig(Checked):
    """Settings of a topic fit: seed, runs, number and size of topics, minimum support.

    Attributes
    ----------
    seed : int, default 7
        Seed of everything random in the fit.
    n_runs : int, default 12
        Runs of UMAP and HDBSCAN that the consensus is made of; at least 2.
    n_topics : int, optional
        Number of topics wanted, at least 2. By default, from 1,000 responses on, 16, or 23 or 32 if
        other respondents give the same topics better there, by more than .1 (``replicability``).
        With fewer responses, or another ``model``, the number at which the topics agree
        best with the runs; of those within .02 of it, the most that is not above the mean number
        of clusters in a run.
    min_topic_size : int, optional
        Smallest topic, at least 2: the runs look for no smaller cluster, and a smaller topic goes
        to its neighbours (unless ``n_topics`` is given). By default the runs' smallest
        clusters go from 1/120 to 1/60 of the responses, and are not below 10 (5 for the smallest
        surveys).
    min_support : float, default 0
        From 0 to 1. A response whose support is below it is left unassigned. With 0, every response
        is given its nearest topic; :func:`iapt_topics.topics.unassigned_band` shows the sensitivity
        of prevalence to the choice.
    model : {"bertopic"} or BERTopic, optional
        What the runs are, in place of the library's own: BERTopic as it comes, or a BERTopic model
        of your own (its reduction and clustering; and its vectorizer and representation for the
        words of the topics). Its ``nr_topics``, if a number, is that of ``n_topics``. Topics keep
        it in words.
    """

    seed: int = 7
    n_runs: int = 12
    n_topics: int | None = None
    min_topic_size: int | None = None
    min_support: float = 0.0
    model: Any = None

    def __post_init__(self) -> None:
        for what, least in (("seed", 0), ("n_runs", 2), ("n_topics", 2), ("min_topic_size", 2)):
            value = getattr(self, what)
            if value is None and what.endswith(("topics", "size")):
                continue
            if value < least:
                raise InputError(
                    f"`{what}` of TopicConfig", f"must be at least {least}", str(value),
                    "Change it or leave it out.",
                )  # fmt: skip
            object.__setattr__(self, what, int(value))  # of numpy, it could not be kept as JSON
        named = isinstance(self.model, str)
        if named and self.model != BERTOPIC and not self.is_own_model:
            raise InputError(
                "`model` of TopicConfig", f"must be {BERTOPIC!r} or a BERTopic model",
                repr(self.model), "Leave it out for the library's own runs.",
            )  # fmt: skip
        if not 0 <= self.min_support <= 1:
            raise InputError(
                "`min_support` of TopicConfig", "must be a proportion of runs from 0 to 1",
                repr(self.min_support), "Change it or leave it out.",
            )  # fmt: skip

    @property
    def is_own_model(self) -> bool:
        """Whether the model is one of the user's own, be it in words: its topics have its names."""
        return str(self.model).startswith(_OWN_MODEL)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Topics(Result):
    """Consensus topics of a survey, from repeated UMAP and HDBSCAN.

    Attributes
    ----------
    assignments : DataFrame
        One row for each kept response, in their order: ``response_id``; ``topic`` (-1 is
        unassigned); ``nearest`` (the topic it is closest to, also when unassigned); ``support``
        (consensus support: proportion of runs, 0 to 1, that agree with ``nearest``); ``runner_up``
        (the topic that comes second, -1 if there is none); ``note``.
    topics : DataFrame
        One row for each topic, the largest first: ``topic``; ``label``; ``n`` (its responses);
        ``estimate``, ``low``, ``high`` (its proportion of all kept responses, with a 95 % interval
        for sampling alone); ``words`` (top c-TF-IDF terms, comma separated); ``exemplars`` (tuple
        of up to 5 response ids, most typical first, one per respondent and none like another);
        ``support`` (mean over its responses); ``stability``, ``stability_low``, ``stability_high``
        (Jaccard index with what the runs, each on a bootstrap of the respondents, have in its
        place: mean, and range of 95 % of the runs); ``replicability``, ``replicability_low``,
        ``replicability_high`` (the same with topics grown anew on bootstraps of the respondents;
        below .5 the ``note`` says so); ``cosine`` (mean cosine to its centroid of the
        responses nearest to it), ``membership_cutoff`` (what all but 5 % of them pass; a response
        of a later wave that does not is novel); ``note``.
    hierarchy : DataFrame
        One row for each topic: ``topic``; ``broad`` (number of its broad topic, 0 the largest);
        ``n`` (responses of the broad topic); ``replicability``, ``replicability_low``,
        ``replicability_high`` (of the broad topic, as in ``topics``). They are the fewest, 3 to 8,
        that come back nearly as well (within .1) as the best number; fewer than 6 topics are not
        joined.
    resolution : DataFrame
        One row for each number of topics tried: ``n_topics``; ``estimate``, ``low``, ``high``
        (adjusted Rand index between these topics and a run: mean, and range of 95 % of the runs);
        ``n`` (runs); ``replicability``, ``replicability_low``, ``replicability_high`` (the same
        index between these topics and those of bootstraps of the respondents); ``support`` (mean
        over the responses); ``stability`` (mean over the topics); ``smallest`` (responses of the
        smallest topic); ``chosen``; ``note``.
    runs : DataFrame
        One row a run: ``run``, ``seed``, ``n_responses`` (those of the respondents it drew),
        ``n_neighbors``, ``min_cluster_size``, ``n_clusters``, ``unassigned`` (proportion of its
        responses that HDBSCAN left as noise).
    votes : ndarray of int, shape (n_runs, n_kept)
        Topic that each run assigns, by response in the order of ``assignments``.
    distribution : ndarray of float32, shape (n_kept, n_topics)
        How much of each response is in each topic, in the order of ``assignments``: rows add up to
        1. After a fit, ``nearest`` has the most, and on average as much as ``support``.
    centroids : ndarray of float32, shape (n_topics, d)
        Unit mean vector of each topic.
    config : TopicConfig
    versions : dict of str
        Versions of the packages that decide the result, the encoder and its weights, and
        ``wording_weight``: that of words beside meaning, 0 to 1, in who is whose neighbour.
    edits : DataFrame
        What people changed after the fit: ``action``, ``topics``, ``detail``, ``who``, ``when``,
        ``why``, ``note``; see :func:`iapt_topics.topics.edit_topics`. Empty after a fit.
    """

    assignments: pd.DataFrame
    topics: pd.DataFrame
    hierarchy: pd.DataFrame
    resolution: pd.DataFrame
    runs: pd.DataFrame
    votes: Ints
    distribution: Floats32
    centroids: Floats32
    config: TopicConfig
    versions: dict[str, str]
    edits: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EDIT_COLUMNS))

    @property
    def n_topics(self) -> int:
        """Number of topics, not counting the unassigned."""
        return len(self.topics)

    _view = ("topics: topic label n estimate low high words support stability note",)

    def _title(self) -> str:
        return f"{self.n_topics} topics of {len(self.assignments):,} responses"

    def _picture(self) -> str:
        """How the number of topics was chosen."""
        from iapt_topics.figures.notebook import as_picture
        from iapt_topics.figures.topics import resolution_figure

        n, runs = len(self.assignments), len(self.runs)
        return as_picture(
            self._title(), lambda: resolution_figure(self.resolution, n=n, n_runs=runs)
        )

    def to_bertopic(
        self, responses: Responses, embeddings: Embeddings, encoder: Encoder | None = None
    ) -> Any:
        """Build the BERTopic model of these topics, for its visualisations and files.

        Parameters
        ----------
        responses : Responses
            Those that the topics were fitted to.
        embeddings : Embeddings
            Of the same responses.
        encoder : Encoder, optional
            The one that made them, with which the model's ``transform`` places new texts; the
            default one where it is that. Without it, ``transform`` needs vectors.

        Returns
        -------
        bertopic.BERTopic
            Its ``topics_`` are those of ``assignments`` and in their order. It holds words that
            people used and, in memory, typical responses: its files are as sensitive as those.

        Raises
        ------
        InputError
            If the responses are others than the topics were fitted to, or the encoder is another
            than that of the embeddings.
        """
        from iapt_topics.topics.bertopic import build_model, find_encoder

        kept = fitted_rows(self, responses)
        vectors = embeddings.rows(kept["response_id"].tolist())
        topic = self.assignments["topic"].to_numpy()
        encoder = find_encoder(encoder, embeddings)
        return build_model(kept["text"].tolist(), vectors, topic, encoder)


def fitted_rows(topics: Topics, responses: Responses) -> pd.DataFrame:
    """Kept responses in the order of the topics' assignments.

    Raises
    ------
    InputError
        If they are others.
    """
    ids = topics.assignments["response_id"]
    kept = responses.kept.set_index("response_id", drop=False)
    if len(kept) != len(ids) or not ids.isin(kept.index).all():
        raise InputError(
            "responses", "must be those that the topics were fitted to",
            f"{len(kept)} kept responses, of which {int(ids.isin(kept.index).sum())} of the "
            f"{len(ids)} fitted", "Load the same file in the same way.",
        )  # fmt: skip
    return kept.loc[ids].reset_index(drop=True)
