"""BERTopic by name, or as the user has configured it: its runs as members of the consensus.

One BERTopic fit is one opinion. Here the user's own dimensionality reduction and clustering are
run many times, each on a bootstrap of the respondents and with another seed, and the consensus is
made of these runs as it is of the library's own.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Floats32, Ints
from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, OnEvent
from iapt_topics.topics.runs import draw_respondents, fill_in, tabulate_runs
from iapt_topics.topics.topics import BERTOPIC, TopicConfig

_PARTS = ("umap_model", "hdbscan_model")
_SHOWN = (*_PARTS, "vectorizer_model", "ctfidf_model", "representation_model")


def described_config(config: TopicConfig) -> TopicConfig:
    """The config with the model in words, as it is kept with the topics."""
    if config.model is None or isinstance(config.model, str):
        return config
    parts = (f"{name}={_in_words(getattr(config.model, name, None))}" for name in _SHOWN)
    return replace(config, model=f"BERTopic({', '.join(parts)})")


def _in_words(part: Any) -> str:
    """A part of a model with the settings that scikit-learn knows of it."""
    if part is None or isinstance(part, str | int | float):
        return repr(part)
    settings = part.get_params(deep=False) if hasattr(part, "get_params") else {}
    told = (f"{k}={v!r}" for k, v in sorted(settings.items()) if _is_plain(v))
    return f"{type(part).__name__}({', '.join(told)})"


def _is_plain(value: object) -> bool:
    return value is not None and isinstance(value, str | int | float | bool | tuple)


def with_model(config: TopicConfig, model: Any) -> tuple[TopicConfig, Any]:
    """The config with the model that was given beside it, and the model; None for our own runs."""
    config = config if model is None else replace(config, model=model)
    if config.model is None:
        return config, None
    own = resolve_model(config.model)
    if config.n_topics is None and isinstance(own.nr_topics, int):
        config = replace(config, n_topics=own.nr_topics)
    return config, own


def resolve_model(model: Any) -> Any:
    """A BERTopic model, from its name or the user's own."""
    if isinstance(model, str) and model == BERTOPIC:
        from bertopic import BERTopic

        return BERTopic()
    missing = [name for name in _PARTS if not hasattr(getattr(model, name, None), "fit")]
    if isinstance(model, str) or missing:
        raise InputError(
            "model", f"must be {BERTOPIC!r} or a BERTopic model", repr(model)[:80],
            "Give it as BERTopic(...); a model that was kept with topics in words must be given "
            "anew.",
        )  # fmt: skip
    return model


def model_runs(
    model: Any,
    vectors: Floats32,
    points: Floats32,
    people: Ints,
    *,
    n_runs: int,
    seed: int,
    on_event: OnEvent,
) -> tuple[Ints, pd.DataFrame]:
    """Reduce and cluster as the model does, ``n_runs`` times; as :func:`cluster_runs` gives them.

    Parameters
    ----------
    model : bertopic.BERTopic
        Its ``umap_model`` and ``hdbscan_model``, copied for each run; with ``random_state`` each
        run sets its own.
    vectors, points : ndarray of float32, shape (n, d)
        What the model reduces, and where noise and left-out responses find their nearest centre.
    people : ndarray of int, shape (n,)
    n_runs, seed : int
    on_event : callable
    """
    rng = np.random.default_rng(seed)
    partitions, table = [], []
    for run in range(n_runs):
        rows, run_seed = draw_respondents(people, rng), int(rng.integers(2**31))
        labels = cluster_once(model, vectors[rows], run_seed)
        k = int(getattr(model.umap_model, "n_neighbors", 0) or 0)
        least = int(getattr(model.hdbscan_model, "min_cluster_size", 0) or 0)
        partitions.append(fill_in(labels, rows, points))
        n_clusters = int(labels.max()) + 1
        table.append((run, run_seed, len(rows), k, least, n_clusters, float((labels < 0).mean())))
        on_event(Event("progress", done=run + 1, total=n_runs))
    return np.stack(partitions), tabulate_runs(table)


def cluster_once(model: Any, vectors: Floats32, seed: int) -> Ints:
    """Clusters 0, 1, ... of one run of a BERTopic model's first two steps; -1 is noise."""
    reducer, clusterer = (_seeded(getattr(model, name), seed) for name in _PARTS)
    if hasattr(reducer, "fit_transform"):
        layout = reducer.fit_transform(vectors)
    else:  # such as what BERTopic uses where nothing is to be reduced
        layout = reducer.fit(vectors).transform(vectors)
    found = np.asarray(clusterer.fit(layout).labels_)
    labels = np.full(len(found), -1, dtype=np.intp)
    inside = found >= 0
    labels[inside] = np.unique(found[inside], return_inverse=True)[1]
    return labels


def _seeded(part: Any, seed: int) -> Any:
    """A copy that has not been fitted, with a seed of its own where it takes one."""
    part = deepcopy(part)
    if hasattr(part, "get_params") and "random_state" in part.get_params(deep=False):
        part.set_params(random_state=seed)
        if "n_jobs" in part.get_params(deep=False):
            part.set_params(n_jobs=1)  # umap-learn warns that a seed allows no more
    return part
