"""Topics that are fitted once: kept under the hash of all that decides them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

from iapt_topics._base.events import OnEvent, ignore
from iapt_topics._base.kept import keep_once
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.files import FORMAT, load_topics, save_topics
from iapt_topics.topics.fit import fit_topics, package_versions
from iapt_topics.topics.topics import TopicConfig, Topics
from iapt_topics.topics.user_model import described_config


def fit_once(
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig,
    folder: Path | None,
    on_event: OnEvent = ignore,
) -> Topics:
    """Topics as :func:`fit_topics` gives them, from the folder if they were fitted before.

    :mod:`iapt_topics._base.kept` says what the check of the files is worth.
    """

    def fit() -> Topics:
        return fit_topics(responses, embeddings, config, on_event=on_event)

    if folder is None:
        return fit()
    kept = responses.kept[["response_id", "respondent_id", "text"]]
    settings = asdict(described_config(config)), package_versions(), embeddings.model
    made = hashlib.sha256(repr((FORMAT, *settings)).encode())
    for row in kept.itertuples(index=False, name=None):
        made.update(repr(row).encode("utf-8", "surrogatepass"))
    made.update(embeddings.rows(kept["response_id"].tolist()).tobytes())
    key = made.hexdigest()
    place = folder / f"topics-{key[:16]}"
    return keep_once(place, key, "topics are fitted", fit, save_topics, load_topics)
