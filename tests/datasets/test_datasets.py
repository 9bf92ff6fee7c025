"""The bundled synthetic survey: size, determinism, planted change, coders, nothing real in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from iapt_topics import agreement, datasets
from iapt_topics.datasets._design import CODERS, YEARS
from iapt_topics.datasets.make_example import FILES, _cores, make_example, write_example

FOLDER = datasets.example_path().parent
example = cache(make_example)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return make_example()


def matrix(pairs: pd.DataFrame, ids: list[str], themes: list[str]) -> Any:
    given = pairs[pairs["theme"] != ""]
    m = np.zeros((len(ids), len(themes)), dtype=bool)
    row, col = {r: i for i, r in enumerate(ids)}, {t: j for j, t in enumerate(themes)}
    for response, theme in zip(given["response_id"], given["theme"], strict=True):
        m[row[response], col[theme]] = True
    return m


def kappa(a: Any, b: Any) -> float:
    chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
    return float(((a == b).mean() - chance) / (1 - chance))


def test_size_years_and_people(tables: dict[str, pd.DataFrame]) -> None:
    survey = tables["survey"]
    assert len(survey) == 1543
    assert survey["response_id"].is_unique
    assert survey["person"].nunique() == 1150
    assert tuple(sorted(survey["year"].unique())) == YEARS
    assert survey["year"].value_counts().between(250, 355).all()
    assert set(survey["role"]) == {"PWP", "HIT", "counsellor", "trainee", "other"}
    assert (survey["comment"] == "").sum() == 6
    same = survey.duplicated(["person", "year", "comment"])
    assert same.sum() == 10


def test_bundled_files_come_out_byte_for_byte(tmp_path: Path) -> None:
    for path in write_example(tmp_path):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


def test_another_seed_gives_another_survey(tables: dict[str, pd.DataFrame]) -> None:
    other = example(1)
    assert len(other["survey"]) == 1543
    assert not other["survey"]["comment"].equals(tables["survey"]["comment"])


def test_cores_are_many_distinct_and_spread_evenly(tables: dict[str, pd.DataFrame]) -> None:
    cores, _ = _cores()
    folded = [
        re.sub(r"\W+", " ", text).casefold().strip() for c in cores.values() for *_, text in c
    ]
    assert len(cores) == 30
    assert min(map(len, cores.values())) >= 13
    assert len(set(folded)) == len(folded) >= 400
    use = tables["core_use"]
    assert use["n"].min() >= 1
    assert use["n"].max() <= 12
    comments = tables["survey"]["comment"]
    long = comments[comments.str.split().str.len() > 5]
    assert long.value_counts().max() <= 6
    assert comments.nunique() > 1300


def test_truth_covers_every_theme_and_each_codable_response(
    tables: dict[str, pd.DataFrame],
) -> None:
    truth, survey = tables["truth"], tables["survey"]
    cores, pieces = _cores()
    assert set(truth["theme"]) - {""} == set(cores)
    assert not truth.duplicated().any()
    copies = survey.duplicated(["person", "year", "comment"])
    codable = ~copies & (survey["comment"] != "") & ~survey["comment"].isin(pieces["non_answers"])
    assert set(truth["response_id"]) == set(survey.loc[codable, "response_id"])
    n_themes = truth[truth["theme"] != ""].groupby("response_id").size()
    assert n_themes.max() <= 4
    assert 0.45 < (n_themes == 1).mean() < 0.6
    empty = truth.loc[truth["theme"] == "", "response_id"]
    assert not set(empty) & set(n_themes.index)


def test_drawn_shares_are_within_sampling_error_of_the_planted(
    tables: dict[str, pd.DataFrame],
) -> None:
    planted = tables["planted_change"].set_index("theme")
    truth = tables["truth"].merge(tables["survey"][["response_id", "year"]], on="response_id")
    z = []
    for year in YEARS:
        of_year = truth[truth["year"] == year]
        n = of_year["response_id"].nunique()
        for theme, share in planted[str(year)].items():
            drawn = (of_year["theme"] == theme).sum() / n
            z.append((drawn - share) / np.sqrt(share * (1 - share) / n))
    assert np.abs(z).max() < 4
    assert 0.8 < np.std(z) < 1.25
    assert abs(np.mean(z)) < 0.25


@pytest.mark.slow
def test_shares_are_exact_in_the_mean_over_seeds() -> None:
    planted = example(0)["planted_change"].set_index("theme")
    total = pd.Series(0.0, index=planted.index)
    n_seeds = 8
    for seed in range(n_seeds):
        tables = example(seed)
        last = tables["survey"].query("year == 2018")["response_id"]
        of_year = tables["truth"][tables["truth"]["response_id"].isin(last)]
        n = of_year["response_id"].nunique()
        total += of_year["theme"].value_counts().reindex(planted.index, fill_value=0) / n / n_seeds
    error = (total - planted["2018"]) / np.sqrt(planted["2018"] / (280 * n_seeds))
    assert error.abs().max() < 4


def test_planted_change_holds_what_it_says() -> None:
    table = datasets.planted_change()
    shares = table[[str(y) for y in YEARS]]
    moved = shares["2018"] - shares["2014"]
    kind = table["change"]
    assert (moved[kind == "rise"] >= 0.1).all()
    assert (moved[kind == "fall"] <= -0.1).all()
    assert (shares[kind == "stay"].nunique(axis=1) == 1).all()
    assert kind.value_counts().to_dict() == {"stay": 24, "rise": 2, "fall": 2, "non_monotone": 2}


def test_coders_agree_as_people_do(tables: dict[str, pd.DataFrame]) -> None:
    coders, truth = tables["coders"], tables["truth"]
    ids, themes = list(dict.fromkeys(truth["response_id"])), list(_cores()[0])
    real = matrix(truth, ids, themes)
    a, b = (matrix(coders[coders["coder"] == c], ids, themes) for c in CODERS)
    for c in CODERS:
        assert set(coders.loc[coders["coder"] == c, "response_id"]) == set(ids)
    assert not coders.duplicated().any()
    assert 0.7 < kappa(a, b) < 0.82
    assert b.sum() > a.sum()
    assert 0.1 < (real & ~a).sum() / real.sum() < 0.17
    assert 0.1 < (real & ~b).sum() / real.sum() < 0.17
    assert min(kappa(a[:, j], b[:, j]) for j in range(len(themes))) > 0.5


def test_contact_details_are_fictional_only(tables: dict[str, pd.DataFrame]) -> None:
    text = " ".join(tables["survey"]["comment"])
    mails = re.findall(r"[\w.]+@([\w.]+\w)", text)
    phones = re.findall(r"\b0[\d ]{9,12}\d\b", text)
    postcodes = re.findall(r"\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b", text)
    assert mails
    assert set(mails) == {"example.org"}
    assert phones
    assert all(re.match(r"01632 960\d{3}$|07700 900\d{3}$", p) for p in phones)
    assert postcodes
    assert all(p.startswith("ZZ99 ") for p in postcodes)
    assert "http" not in text


def test_bundled_csv_says_what_the_function_says(tables: dict[str, pd.DataFrame]) -> None:
    for name, file_name in FILES.items():
        read = pd.read_csv(FOLDER / file_name, keep_default_na=False)
        assert read.shape == tables[name].shape
        assert list(read.columns) == list(tables[name].columns)


def test_a_third_coder_coded_a_part_of_the_responses() -> None:
    _, third = datasets.load_example(coder="coder_c")
    truth = datasets.load_truth()
    ids = third.seen["response_id"].tolist()
    assert set(ids) <= set(truth.seen["response_id"])
    assert len(ids) == round(0.4 * len(truth.seen))
    real, coded = truth.matrix(ids, third.themes), third.matrix()
    assert 0.15 < (real & ~coded).sum() / real.sum() < 0.25
    assert (coded & ~real).sum() < (real & ~coded).sum()
    three = [datasets.load_example(coder=c)[1] for c in (*CODERS, "coder_c")]
    found = agreement.compare_coders(three, n_boot=20)
    assert 0.6 < found.overall["estimate"][0] < 0.85
    assert found.coders["n_shared"].tolist()[2] == len(ids)


@pytest.mark.parametrize("coder", list(CODERS))
def test_load_example(coder: str, tables: dict[str, pd.DataFrame]) -> None:
    responses, codes = datasets.load_example(coder=coder)
    truth = datasets.load_truth()
    assert responses.synthetic
    assert len(responses.table) == 1543
    assert codes.coder == coder
    assert truth.coder == "truth"
    kept = set(responses.kept["response_id"])
    assert kept == set(truth.seen["response_id"]) == set(codes.seen["response_id"])
    assert set(truth.table["theme"]) == set(_cores()[0])


@pytest.mark.parametrize("long_answers", [False, True])
def test_each_true_theme_has_the_sentence_written_for_it(long_answers: bool) -> None:
    responses, _ = datasets.load_example(long_answers=long_answers)
    assert responses.synthetic
    truth = datasets.true_sentences(long_answers=long_answers)
    text = responses.table.set_index("response_id")["text"].reindex(truth["response_id"])
    places = zip(text, truth["start"], truth["end"], strict=True)
    said = pd.Series([t[a:b] for t, a, b in places])
    words: dict[str, set[str]] = {}
    for theme, cores in _cores()[0].items():
        words[theme] = set(re.findall(r"[a-z]+", " ".join(c[2] for c in cores).casefold()))
    # A slip or a swapped word is in no core: nearly all of the others are in one of the theme.
    hits = [
        np.mean([w in words[theme] for w in re.findall(r"[a-z]+", one.casefold())] or [0])
        for one, theme in zip(said, truth["theme"], strict=True)
    ]
    assert np.mean(np.array(hits) > 0.6) > 0.97
    assert not said.str.match(r"[\s,]").any()
    # No two sentences of a response overlap.
    order = truth.sort_values(["response_id", "start"])
    after = order.groupby("response_id")["start"].shift(-1)
    assert (after.isna() | (order["end"] <= after)).all()


@pytest.mark.slow
def test_long_answers_have_several_themes_and_stay_the_same() -> None:
    responses, coder = datasets.load_example(long_answers=True)
    again, _ = datasets.load_example(long_answers=True)
    pd.testing.assert_frame_equal(responses.table, again.table)
    assert responses.source == "synthetic_long_answers"
    truth = datasets.true_sentences(long_answers=True)
    assert set(truth.groupby("response_id").size()) == {3, 4, 5, 6}
    assert set(truth["response_id"]) == set(coder.seen["response_id"])


def test_the_frame_was_not_written_from_the_cores() -> None:
    """No example of the frame shares half of its words with a sentence of the survey."""
    from iapt_topics.frame.load import load_frame

    def words(text: str) -> set[str]:
        return set(re.findall(r"[a-z']+", text.casefold()))

    cores = [words(text) for group in _cores()[0].values() for _, _, text in group]
    for theme in load_frame("iapt_identity_system").codable:
        for example in map(words, theme.examples):
            assert max(len(example & c) / len(example | c) for c in cores) < 0.5, example
