"""A static encoder from a sentence model: here one of eight words, made on the spot."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.encoders.distil import distil_encoder
from iapt_topics.encoders.encoder import SentenceEncoder


@pytest.mark.slow
def test_a_text_is_the_weighted_mean_of_its_tokens(tmp_path):
    pytest.importorskip("model2vec")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
        from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "pay", "team", "targets", "caseload"]
        plain = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
        plain.normalizer = normalizers.BertNormalizer(lowercase=True)
        plain.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        source = tmp_path / "model"
        PreTrainedTokenizerFast(
            tokenizer_object=plain, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
            sep_token="[SEP]",
        ).save_pretrained(source)  # fmt: skip
        size = {"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
        BertModel(BertConfig(vocab_size=8, hidden_size=16, **size)).save_pretrained(source)
    model = SentenceEncoder(name="small", folder=source, fingerprint="f")
    static = distil_encoder(tmp_path / "static", model, dimensions=4)
    vectors = static.encode(["pay team", "team pay", "Pay", "team"])
    assert vectors.shape == (4, 4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)  # blind to order
    # The text lies between its two tokens.
    assert np.linalg.matrix_rank(vectors[[0, 2, 3]], tol=1e-5) == 2
    assert static.fingerprint != model.fingerprint
    with pytest.raises(InputError, match="must be new or empty"):
        distil_encoder(tmp_path / "static", model)
    assert {p.name for p in tmp_path.iterdir()} == {"model", "static"}


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "model2vec.distill", None)
    with pytest.raises(InputError, match=r"iapt-topics\[static\]"):
        distil_encoder(tmp_path / "static")
