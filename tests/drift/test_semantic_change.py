from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from hypothesis import given as examples
from hypothesis import strategies as st
from scipy import stats

from iapt_topics._base.errors import InputError
from iapt_topics.drift.semantic_change import measure_semantic_change
from iapt_topics.drift.semantic_model import energy_distance, moved_place
from iapt_topics.drift.word_shift import log_odds_shift
from iapt_topics.encoders.embeddings import embed


def test_log_odds_by_hand():
    # Two words, prior (1, 2): y = (3, 5) against (6, 1).
    shift, error = log_odds_shift([3, 5], [6, 1], [1, 2])
    assert shift[0] == pytest.approx(np.log(4 / 7) - np.log(7 / 3))
    assert shift[1] == pytest.approx(-shift[0])
    assert error[0] == pytest.approx(np.sqrt(1 / 4 + 1 / 7))
    assert error[1] == pytest.approx(np.sqrt(1 / 7 + 1 / 3))
    back, _ = log_odds_shift([6, 1], [3, 5], [1, 2])
    assert np.allclose(shift, -back)


@examples(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=8),
    st.floats(0.1, 20),
)
def test_log_odds_are_antisymmetric_and_drawn_to_zero(counts, size):
    now, then = np.array(counts, float).T
    prior = np.full(len(now), size)
    shift, error = log_odds_shift(now, then, prior)
    back, same = log_odds_shift(then, now, prior)
    assert np.allclose(shift, -back)
    assert np.allclose(error, same)
    # A prior that outweighs all counts leaves no shift.
    heavy, _ = log_odds_shift(now, then, prior * 1e6)
    assert np.abs(heavy).max() < 0.01


def test_energy_distance_is_that_of_scipy():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=30), rng.normal(0.5, 2, size=20)
    points = np.concatenate([x, y])
    apart = np.abs(points[:, None] - points)
    first = np.arange(50) < 30
    ours = float(energy_distance(apart, first / 30, ~first / 20))
    assert ours == pytest.approx(stats.energy_distance(x, y))
    assert float(energy_distance(apart, ~first / 20, first / 30)) == pytest.approx(ours)
    assert float(energy_distance(apart, first / 30, first / 30)) == 0


def test_permutation_p_is_even_when_nothing_moved():
    rng = np.random.default_rng(1)
    p = []
    for _ in range(60):
        points = rng.normal(size=(40, 3))
        apart = np.linalg.norm(points[:, None] - points, axis=-1)
        p.append(moved_place(apart, 20, np.arange(40) % 25, rng)["p"])
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean(np.array(p) < 0.05) < 0.15


def said(texts_by_year, encoder, person=None):
    texts = [t for some in texts_by_year for t in some]
    year = np.repeat(2021 + np.arange(len(texts_by_year)), [len(t) for t in texts_by_year])
    codes, responses = survey(year, np.ones((len(texts), 1)), person=person)
    responses = replace(responses, table=responses.table.assign(text=texts))
    return codes, responses, embed(responses, encoder)


OLD = [f"the paper forms take ages and forms go missing number {i}" for i in range(20)]
NEW = [f"the laptop systems crash and systems go slow number {i}" for i in range(20)]


def test_a_planted_shift_is_found_and_quoted(encoder):
    result = measure_semantic_change(*said([OLD, NEW], encoder))
    words = result.words.set_index("word")
    assert words.loc["systems", "estimate"] > 0 > words.loc["forms", "estimate"]
    assert words.loc["systems", "p_bh"] < 0.01
    # Counted once for a respondent, though each says it twice.
    assert words.loc["systems", "count"] == 20
    assert words.loc["systems", "count_against"] == 0
    row = result.distances.iloc[0]
    assert row["p"] == pytest.approx(1 / 501)
    assert row["low"] > row["null_p95"]
    assert result.quotes["side"].value_counts().to_dict() == {"after": 3, "before": 3}
    text = result.quotes.set_index("side")["text"]
    assert text["before"].str.contains("forms").all()
    assert text["after"].str.contains("systems").all()


def test_no_shift_is_not_found(encoder):
    result = measure_semantic_change(*said([OLD, OLD], encoder))
    assert result.distances["p"].iloc[0] > 0.05
    assert (result.words["p_bh"] > 0.5).all()
    assert result.distances["low"].iloc[0] == 0


def test_rare_words_and_identifiers_are_not_shown(encoder):
    new = [*NEW[:17], *(f"zebra crossing {t}, write to a.b@example.org" for t in NEW[:3])]
    result = measure_semantic_change(*said([OLD, new], encoder), n_quotes=20)
    assert "zebra" not in set(result.words["word"])
    assert (result.words["count"] + result.words["count_against"] >= 5).all()
    assert not result.quotes["text"].str.contains("@").any()
    assert result.quotes["text"].str.contains(r"\[email\]").any()


def test_one_quote_of_a_person(encoder):
    person = [*(i // 2 for i in range(20)), *(i // 2 for i in range(20))]
    result = measure_semantic_change(*said([OLD, NEW], encoder, person), n_quotes=20)
    assert len(result.quotes) == 10
    assert "10 respondents are in both years." in result.distances["note"].iloc[0]


def test_few_or_no_responses_are_said(encoder):
    result = measure_semantic_change(*said([OLD, NEW[:3]], encoder))
    assert result.words.empty
    assert result.quotes.empty
    row = result.distances.iloc[0]
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("Fewer than 5 respondents")
    alone = measure_semantic_change(*said([OLD], encoder))
    assert alone.distances.empty


def test_words_of_stop_words_alone(encoder):
    result = measure_semantic_change(*said([["it is what it is"] * 9, ["so it is"] * 9], encoder))
    assert result.words.empty
    assert result.distances["p"].iloc[0] < 0.05


def test_inputs_are_unchanged_and_order_does_not_matter(encoder):
    codes, responses, vectors = said([OLD, NEW], encoder)
    before = responses.table.copy()
    first = measure_semantic_change(codes, responses, vectors)
    pd.testing.assert_frame_equal(responses.table, before)
    mixed = replace(responses, table=before.sample(frac=1, random_state=4))
    second = measure_semantic_change(codes, mixed, vectors)
    for name in ("words", "distances", "quotes"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("wrong", [{"min_respondents": 1}, {"themes": ["x"]}, {"baseline": 1}])
def test_wrong_input_is_refused(encoder, wrong):
    with pytest.raises(InputError):
        measure_semantic_change(*said([OLD, NEW], encoder), **wrong)
