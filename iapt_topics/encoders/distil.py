"""A static encoder made of a sentence model: one vector a token, no attention, no network."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import whole_folder
from iapt_topics.encoders.encoder import SentenceEncoder, sentence_encoder


def distil_encoder(
    folder: str | Path, encoder: SentenceEncoder | None = None, *, dimensions: int = 256
) -> SentenceEncoder:
    """Distil a sentence model to a static encoder by Model2Vec, on this machine and without texts.

    Each token of the model's vocabulary is encoded by itself; the vectors are reduced by principal
    components and weighted by how frequent the token is likely to be. A text is then the mean of
    its tokens' vectors: hundreds of times faster, and blind to the order of words.

    Parameters
    ----------
    folder : path
        Where the static model goes; must not exist or be empty. It is a sentence-transformers
        folder, so :func:`iapt_topics.sentence_encoder` takes it from then on.
    encoder : SentenceEncoder, optional
        The model; by default all-MiniLM-L6-v2 of :func:`iapt_topics.sentence_encoder`.
    dimensions : int, default 256
        Of the static vectors; from 1 to those of the model.

    Returns
    -------
    SentenceEncoder
        The static one. Its vectors are not comparable with those of the model.

    Raises
    ------
    InputError
        If the extra ``static`` is not installed, or the folder holds something.

    Notes
    -----
    What is lost on the bundled example and on real texts is in ``docs/laboratory.md``.

    References
    ----------
    Tulkens and van Dongen (2024), "Model2Vec: fast state-of-the-art static embeddings",
    doi:10.5281/zenodo.17270888. Arora, Liang and Ma (2017), "A simple but tough-to-beat baseline
    for sentence embeddings", ICLR (the weighting).
    """
    try:
        from model2vec.distill import distill_from_model
    except ImportError as error:
        raise InputError(
            "distil_encoder()", "needs model2vec", str(error),
            "Install it with: pip install 'iapt-topics[static]'",
        ) from error  # fmt: skip
    folder = Path(folder).resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"folder {folder.name!r}", "must be new or empty", "a file or a full one",
                         "Name another.")  # fmt: skip
    source = str((encoder or sentence_encoder()).folder)
    with whole_folder(folder) as part:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # deprecations inside torch and transformers
            from transformers import AutoModel, AutoTokenizer

            model = AutoModel.from_pretrained(
                source, local_files_only=True, trust_remote_code=False, use_safetensors=True
            )
            tokenizer = AutoTokenizer.from_pretrained(
                source, local_files_only=True, trust_remote_code=False
            )
            # In half precision a vector is a thousandth off unit length.
            static = distill_from_model(
                model, tokenizer, pca_dims=dimensions, device="cpu", quantize_to="float32"
            )
        static.save_pretrained(part)
    return sentence_encoder(folder)
