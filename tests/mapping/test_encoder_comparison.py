import numpy as np
import pytest
from coded_surveys import hand_codes
from conftest import SUBJECTS

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import embed
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.mapping.coding import code_responses
from iapt_topics.mapping.encoders import _measures, compare_encoders
from iapt_topics.stats.agreement import cohen_kappa, confusion_table
from iapt_topics.stats.set_agreement import macro_f1

FRAME = ThemeFrame(
    name="n", themes=tuple(Theme(id=s, label=s, definition=f"{s} {s}") for s in SUBJECTS)
)


class Blind:
    """Sees no difference between texts of the same length."""

    name = "blind"
    fingerprint = "blind-1"

    def encode(self, texts):
        vectors = np.array([[1, len(t) % 7, len(t) % 3] for t in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def human(survey):
    return hand_codes(survey, 80, tuple(SUBJECTS))


def test_the_better_encoder_shows(survey, human, encoder):
    table = compare_encoders(survey, FRAME, human, [Blind(), encoder], n_boot=50)
    assert list(zip(table["encoder"], table["measure"], strict=True)) == [
        (e, m) for e in ("blind", "bag-of-words") for m in ("f1_macro", "kappa_mean")
    ]
    good = table.set_index(["encoder", "measure"]).loc["bag-of-words"]
    assert (good["gain_low"] > 0.2).all()
    assert (table["low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["high"]).all()
    assert (table["seconds"] > 0).all()
    assert (table["n"] == 80).all()
    assert (table.loc[:1, ["gain", "gain_low", "gain_high"]] == 0).all(axis=None)
    assert table["note"].str.contains("rough").all()


def test_estimates_are_those_of_the_measures(survey, human, encoder):
    table = compare_encoders(survey, FRAME, human, [encoder], n_boot=20).set_index("measure")
    codes = code_responses(survey, embed(survey, encoder), FRAME, encoder)
    ids = human.seen["response_id"].tolist()
    x, y = human.matrix(ids, [*SUBJECTS]), codes.matrix(ids, [*SUBJECTS])
    assert table.loc["f1_macro", "estimate"] == pytest.approx(macro_f1(x, y))
    kappas = [float(cohen_kappa(confusion_table(a, b))) for a, b in zip(x.T, y.T, strict=True)]
    assert table.loc["kappa_mean", "estimate"] == pytest.approx(np.mean(kappas))


def test_a_draw_without_a_theme_leaves_it_out():
    truth = np.array([[True, True], [True, False]])
    found = _measures(truth, truth, np.array([[1.0, 1.0], [0.0, 2.0]]))
    assert found["f1_macro"].tolist() == [1, 1]


def test_what_cannot_be_compared(survey, human, encoder):
    for encoders in ([], [encoder, encoder]):
        with pytest.raises(InputError, match="must be one or more, all different"):
            compare_encoders(survey, FRAME, human, encoders)
    few = Codes(
        coder="Ann", kind="human", themes=tuple(SUBJECTS), seen=human.seen.iloc[:9],
        table=human.table.iloc[:9],
    )  # fmt: skip
    with pytest.raises(InputError, match="in 10 kept responses or more"):
        compare_encoders(survey, FRAME, few, [encoder])
