"""Topics that are fitted once: kept under the hash of all that decides them."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from dataclasses import asdict
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import OnEvent, ignore
from iapt_topics._base.files import file_hash
from iapt_topics._base.kept import fault_of, write_record
from iapt_topics._base.private import private_tree, refuse_link
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.survey.responses import Responses
from iapt_topics.topics.files import load_topics, save_topics
from iapt_topics.topics.fit import fit_topics, package_versions
from iapt_topics.topics.topics import TopicConfig, Topics

_RECORD = "record.json"


def fit_once(
    responses: Responses,
    embeddings: Embeddings,
    config: TopicConfig,
    folder: Path | None,
    on_event: OnEvent = ignore,
) -> Topics:
    """Topics as :func:`fit_topics` gives them, from the folder if they were fitted before.

    What is damaged, or was not made of these responses, vectors and settings, is fitted anew, and
    what cannot be kept is not; a warning says so. :mod:`iapt_topics._base.kept` says what the check
    of the files is worth.
    """
    if folder is None:
        return fit_topics(responses, embeddings, config, on_event=on_event)
    key = _key(responses, embeddings, config)
    place = folder / f"topics-{key[:16]}"
    refuse_link(place)
    if place.is_dir():
        private_tree(place)
        fault = fault_of(place / _RECORD, key, _hashes(place))
        try:
            if not fault:
                return load_topics(place)
        except InputError as error:
            fault = str(error)
        warnings.warn(f"kept topics are fitted anew: {place.name}: {fault}", stacklevel=2)
        shutil.rmtree(place, ignore_errors=True)
    topics = fit_topics(responses, embeddings, config, on_event=on_event)
    try:
        save_topics(topics, place)
        write_record(place / _RECORD, key, _hashes(place))
    except OSError as error:
        warnings.warn(f"topics are not kept: {error}", stacklevel=2)
    return topics


def _hashes(place: Path) -> dict[str, str]:
    """Hash of each file of kept topics, but for the record of them."""
    return {p.name: file_hash(p) for p in sorted(place.iterdir()) if p.name != _RECORD}


def _key(responses: Responses, embeddings: Embeddings, config: TopicConfig) -> str:
    kept = responses.kept[["response_id", "respondent_id", "text"]]
    made = hashlib.sha256(repr((asdict(config), package_versions(), embeddings.model)).encode())
    for row in kept.itertuples(index=False, name=None):
        made.update(repr(row).encode("utf-8", "surrogatepass"))
    made.update(embeddings.rows(kept["response_id"].tolist()).tobytes())
    return made.hexdigest()
