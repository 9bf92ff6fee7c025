"""The object that a researcher holds, from a survey and from a folder."""

import os
import shutil
import stat
from dataclasses import fields

import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, subject_rows, survey_rows

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.analysis.face import Analysis
from iapt_topics.analysis.start import analyse, load_study
from iapt_topics.datasets.example import example_path, mark_example
from iapt_topics.drift.drift import measure_drift
from iapt_topics.frame.load import write_frame
from iapt_topics.study.study import Study
from iapt_topics.survey.responses import load_responses
from iapt_topics.topics.topics import TopicConfig

COLUMNS = {"text": "comment", "year": "year", "respondent": "person"}


def run(source=None, **more):
    source = survey_rows() if source is None else source
    config = TopicConfig(seed=7, n_runs=2)
    return analyse(source, **{**COLUMNS, "encoder": BagOfWords(), "config": config, **more})


@pytest.fixture(scope="module")
def study():
    table = subject_rows(survey_rows())
    both = pd.concat([table.assign(coder="ann"), table.iloc[10:].assign(coder="bo")])
    return run(
        frame=SUBJECT_FRAME, codes=both, covariates=["subject"], standardise=["subject"],
    )  # fmt: skip


def test_it_says_itself_in_a_line_and_in_html(study):
    text = repr(study)
    assert text.startswith("Analysis of table: 150 responses, 2014 to 2016; ")
    assert "5 themes of" in text
    assert text.endswith("F1 with human codes 1.00, 150 responses")  # nothing disagrees
    html = study._repr_html_()
    assert "adjusted p" in html
    assert "<svg" not in html  # the figure stands as a data address
    assert "data:image/svg+xml" in html
    assert "caseload grows" not in html
    assert repr(run(frame=SUBJECT_FRAME)).endswith("NOT VALIDATED: not compared with human codes")


def test_one_path_from_a_file_or_a_table(study, tmp_path):
    survey_rows().to_csv(tmp_path / "survey.csv", index=False)
    write_frame(tmp_path / "frame.toml", SUBJECT_FRAME)
    subject_rows(survey_rows()).assign(coder="ann").to_csv(tmp_path / "codes.csv", index=False)
    other = run(
        str(tmp_path / "survey.csv"), frame=tmp_path / "frame.toml", codes=tmp_path / "codes.csv"
    )
    for name in ("drift_shares", "agreement_themes", "topics", "topic_mapping"):
        pd.testing.assert_frame_equal(study.tables[name], other.tables[name])


def test_what_is_to_be_looked_at_is_told(study):
    checks = study.check().set_index("check")
    assert checks.loc["machine-human agreement", "status"] == "fine"
    assert checks.loc["human-human agreement", "n"] == 140
    assert checks.loc["panel", "finding"].startswith("No respondent answered in more than one")
    assert checks.loc["waves", "status"] == "look"  # 50 responses each
    alone = run(frame=SUBJECT_FRAME).check().set_index("check")
    assert alone.loc["machine-human agreement", ["status", "n"]].tolist() == ["not checked", 0]


def test_respondents_who_come_again_make_a_panel():
    table = survey_rows()
    table["person"] = [f"p{i % 74}" for i in range(150)]
    row = run(table, frame=SUBJECT_FRAME).check().set_index("check").loc["panel"]
    assert row["status"] == "look"
    assert row["finding"].startswith("74 of 74 respondents")


def test_without_respondent_ids_a_panel_is_not_ruled_out():
    table = survey_rows().drop(columns="person")
    row = run(table, frame=SUBJECT_FRAME, respondent=None).check().set_index("check").loc["panel"]
    assert row["status"] == "not checked"


def test_a_theme_is_gathered_by_id_and_label(study):
    theme = study.theme("caseload")
    assert theme.theme.label == "caseload"
    assert theme.prevalence["year"].tolist() == [2014, 2015, 2016]
    assert len(theme.agreement) == 1
    assert len(theme.sentences) == (study.codes.table["theme"] == "caseload").sum()
    assert theme.sentences["sentence"].str.contains("caseload").all()
    assert theme.sentences["score"].is_monotonic_decreasing
    assert repr(study.theme("CaseLoad")) == repr(theme)
    assert "definition" in theme._repr_html_()
    with pytest.raises(InputError, match="must be a codable theme"):
        study.theme("parking")


def test_a_quoted_sentence_is_redacted_by_the_users_own_list():
    table = survey_rows()
    table.loc[4, "comment"] = "Elm House is far. The pay is poor and Elm House never paid costs."
    study = run(table, frame=SUBJECT_FRAME, deny={"site": ["Elm House"]})
    rows = study.theme("pay").sentences.set_index("response_id")
    at = next(i for i in rows.index if "[site-1]" in rows.loc[i, "sentence"])
    assert rows.loc[at, "sentence"] == "The pay is poor and [site-1] never paid costs."
    assert not rows["sentence"].str.contains("Elm").any()


def test_figures_by_name(study):
    assert study.plot("changes").axes
    assert study.plot("prevalence").axes
    with pytest.raises(InputError, match="'changes'"):
        study.plot("chnages")


def test_the_private_report_is_marked_and_for_its_owner(study, tmp_path):
    path = study.report(tmp_path / "mine.html")
    assert "PRIVATE: exact figures" in path.read_text("utf-8")
    if hasattr(os, "getuid"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = study.publish().report(tmp_path / "public.html")
    assert "PRIVATE" not in public.read_text("utf-8")


def test_the_public_version_holds_nothing_exact(study, tmp_path):
    public = study.publish(disclosure=10)
    assert "machine_codes" not in public.tables
    assert public.to_excel(tmp_path / "tables").suffix == ".xlsx"
    assert public.draft(tmp_path / "draft.docx").is_file()
    assert public.plot("prevalence").axes
    assert set(vars(public)) - {"labels", "waves", "topic_names", "cells"} == {
        f.name for f in fields(public)
    }


def test_a_saved_study_is_the_same_and_goes_on_working(study, tmp_path):
    folder = study.save(tmp_path / "kept")
    again = load_study(str(folder))
    assert isinstance(again, Analysis)
    assert repr(again) == repr(study)
    assert again.tables.keys() == study.tables.keys()
    for name, table in study.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name], check_exact=True)
    for one, other in (("a.html", study), ("b.html", again)):
        other.report(tmp_path / one)
        other.publish().report(tmp_path / f"public_{one}")
    for name in ("{}", "public_{}"):
        first, second = (tmp_path / name.format(n) for n in ("a.html", "b.html"))
        assert first.read_bytes() == second.read_bytes()
    drift = measure_drift(again.codes, again.responses, baseline=2015)
    assert drift.baseline == 2015
    compared = compare_codes(again.human[0], again.human[1], responses=again.responses, n_boot=20)
    assert compared.n == 140
    if hasattr(os, "getuid"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in folder.iterdir())
    study.save(folder)  # in place of the one before
    assert not [p for p in folder.iterdir() if p.suffix in (".pkl", ".pickle")]


def test_folders_that_are_not_a_study_are_left_alone(study, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        study.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"
    with pytest.raises(InputError, match="must contain complete results"):
        load_study(tmp_path / "mine")
    with pytest.raises(InputError, match="must contain complete results"):
        load_study(tmp_path / "nowhere")


def test_peoples_themes_are_the_codebook_where_there_is_none():
    study = run(codes=subject_rows(survey_rows()))
    frame = study.mapping.frame
    assert set(frame.ids) == set(SUBJECT_FRAME.ids)
    assert study.human[0].themes == frame.ids
    matches = study.tables["topics_people_matches"]
    best = matches[matches["matched"]].groupby("reference_theme")["f1"].max()
    assert (best > 0.6).all()  # a topic for each, found without a word of the codebook
    assert set(study.publish().tables).isdisjoint(
        {"topics_people_matches", "topics_people_levels", "topics_people_partition"}
    )


def test_the_bundled_survey_is_said_to_be_synthetic(tmp_path):
    other = tmp_path / "mine.csv"
    shutil.copy(example_path(), other)
    for source, synthetic in ((example_path(), True), (str(example_path()), True), (other, False)):
        assert mark_example(load_responses(source, **COLUMNS), source).synthetic is synthetic


def test_neither_codebook_nor_codes_is_told_before_anything_runs():
    with pytest.raises(InputError, match="iapt_identity_system suits NHS"):
        run()


@pytest.mark.parametrize("missing", ["text", "year"])
def test_a_column_that_is_not_named_is_told(missing):
    with pytest.raises(InputError, match=f"{missing}= must name a column"):
        run(frame=SUBJECT_FRAME, **{missing: None})


def test_what_analyse_gives_is_a_study(study):
    assert isinstance(study, Study)
    assert {f.name for f in fields(Analysis)} == {f.name for f in fields(Study)}
