"""Verdicts on claims follow from the curves, and the study's own specification is its own."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECT_FRAME, BagOfWords, subject_rows, survey_files, survey_rows
from typer.testing import CliRunner

from iapt_topics._base.errors import InputError
from iapt_topics.analysis import specifications
from iapt_topics.analysis.specifications import sensitivity
from iapt_topics.analysis.start import analyse
from iapt_topics.analysis.verdicts import CHOICES, judge_claims
from iapt_topics.cli import app
from iapt_topics.publish.published import publish
from iapt_topics.topics.fit import fit_topics
from iapt_topics.topics.topics import TopicConfig
from iapt_topics.topics.variants import cut_topics

COLUMNS = {"text": "comment", "year": "year", "respondent": "person"}


class OtherWords(BagOfWords):
    """Another model: as the first, but it does not see the last word of a text."""

    name, fingerprint = "other", "other-1"

    def encode(self, texts):
        return super().encode([t.rsplit(" ", 1)[0] for t in texts])


def run(**more):
    frame = replace(
        SUBJECT_FRAME, axis=None,
        themes=tuple(replace(t, examples=(f"{t.label} here",)) for t in SUBJECT_FRAME.themes),
    )  # fmt: skip
    config = TopicConfig(seed=7, n_runs=2)
    return analyse(
        survey_rows(), **COLUMNS, frame=frame, encoder=BagOfWords(), config=config, **more
    )


@pytest.fixture(scope="module")
def study():
    return run(codes=subject_rows(survey_rows()).assign(coder="ann"))


@pytest.fixture(scope="module")
def found(study):
    return sensitivity(study, BagOfWords(), others=[OtherWords()])


def rows(results, **choices):
    """A curve of one claim: a result for each value of the choices, the first the study's own."""
    table = pd.DataFrame({"claim": "change: a", "estimate": 0.1, "low": 0.0, "high": 0.2,
                          "p": 0.01, "result": results})  # fmt: skip
    table = table.assign(own=table.index == 0, **dict.fromkeys(CHOICES, ""))
    return table.assign(**{k.replace("_", " "): v for k, v in choices.items()})


def judged(table):
    return judge_claims(table, {"change: a": "A"}).iloc[0]


def test_a_verdict_follows_from_the_curve():
    grid = {"threshold": [".5", ".5", ".4", ".4"], "examples": ["with", "without"] * 2}
    one = judged(rows(["rose"] * 4, **grid))
    assert (one["verdict"], one["depends_on"], one["n"], one["n_same"]) == ("stable", "", 4, 4)
    one = judged(rows(["rose", "rose", "level", "level"], **grid))
    assert (one["verdict"], one["depends_on"], one["n_same"]) == ("depends", "threshold", 2)
    one = judged(rows(["rose", "level", "rose", "rose"], **grid))
    assert (one["verdict"], one["depends_on"]) == ("depends", "examples, threshold")
    # One specification of four says nothing, and two.
    assert judged(rows(["rose", "", "rose", "rose"], **grid))["verdict"] == "stable"
    one = judged(rows(["rose", "", "", "rose"], **grid))
    assert one["verdict"] == "undetermined"
    assert one["note"] == "2 of 4 specifications give a result"
    assert judged(rows(["", "rose", "rose", "rose"], **grid))["verdict"] == "undetermined"
    # Two choices at once differ between all that are compared.
    apart = {"threshold": [".5", ".4"], "examples": ["with", "without"]}
    one = judged(rows(["rose", "level"], **apart))
    assert (one["verdict"], one["depends_on"]) == ("undetermined", "")


@pytest.mark.slow
def test_the_own_specification_gives_the_study_s_own_figures(study, found):
    own = found.curve[found.curve["own"]].set_index("claim")
    assert own.index.is_unique
    assert set(own.index) == set(found.claims["claim"])
    corrected = study.tables["corrected_changes"]
    corrected = corrected[corrected["year"] == 2016].set_index("theme")
    for theme, row in corrected.iterrows():
        claim = own.loc[f"change: {theme}"]
        assert claim["estimate"] == pytest.approx(row["estimate"])
        assert claim["result"] == row["finding"]
    trends = study.drift.trends.query("test == 'linear'").set_index("theme")
    for theme, row in trends.iterrows():
        assert own.loc[f"trend: {theme}", "p"] == pytest.approx(row["p_bh"])
    f1 = study.comparison.overall.set_index("measure").loc["f1_macro", "estimate"]
    assert own.loc["agreement", "estimate"] == pytest.approx(f1)
    assert own.loc["number of topics", "result"] == str(study.topics.n_topics)
    assert (own.filter(like="topic: ", axis=0)["estimate"] == 1).all()


def test_every_combination_of_choices_on_themes_is_tried(found):
    of = found.curve[found.curve["claim"] == "largest theme"]
    ways = of[["threshold", "borderline"]].drop_duplicates().to_numpy().tolist()
    assert sorted(map(tuple, ways)) == [
        (".4", "best guess"), (".5", "best guess"), (".5", "left out"), (".6", "best guess")
    ]  # fmt: skip
    assert len(of) == 2 * 2 * 4 == len(of[list(CHOICES)].drop_duplicates())
    topics = found.curve[found.curve["claim"] == "topic: 0"]
    assert set(topics["seed"]) == {"7", "8", "9"}
    assert {"as found", "left out", "without", "other"} <= set(
        topics[list(CHOICES)].to_numpy().flat
    )


@pytest.mark.slow
def test_a_change_in_machine_codes_alone_is_never_found(monkeypatch):
    monkeypatch.setattr(specifications, "_topics", lambda *_: [])
    found = sensitivity(run(), BagOfWords())
    results = set(found.curve.loc[found.curve["claim"].str.startswith("change"), "result"])
    assert results <= {
        "no significant change", "higher in machine codes", "lower in machine codes", ""
    }  # fmt: skip
    assert not found.curve["claim"].isin(["agreement", "benchmark"]).any()


def test_a_study_that_learned_is_refused(study):
    codes = study.codes
    taught = replace(codes, table=codes.table.iloc[1:], evidence=None)
    with pytest.raises(InputError, match="codes of the machine by its codebook alone"):
        sensitivity(replace(study, codes=taught), BagOfWords())


def test_topics_cut_from_one_tree_are_those_of_a_fit_of_that_number(grouped):
    for number, cut in cut_topics(
        grouped.topics, grouped.responses, grouped.embeddings, (3, 8)
    ).items():
        config = TopicConfig(seed=1, n_runs=2, n_topics=number)
        whole = fit_topics(grouped.responses, grouped.embeddings, config)
        pairs = pd.crosstab(whole.assignments["topic"], cut.assignments["topic"]).to_numpy()
        assert (np.count_nonzero(pairs, axis=0) == 1).all()
        assert (np.count_nonzero(pairs, axis=1) == 1).all()


@pytest.mark.slow
def test_a_stopped_call_goes_on_where_it_was(study, tmp_path, monkeypatch):
    monkeypatch.setattr(specifications, "_topics", lambda *_: [])  # kept as a run's topics are

    def stop(event):
        if event.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sensitivity(study, BagOfWords(), cache=tmp_path, on_event=stop)
    made = []
    of_themes = specifications.claims_of_themes
    monkeypatch.setattr(
        specifications, "claims_of_themes", lambda *a: made.append(a) or of_themes(*a)
    )
    whole = sensitivity(study, BagOfWords(), cache=tmp_path)
    assert len(made) == 8 - 5
    made.clear()
    again = sensitivity(study, BagOfWords(), cache=tmp_path)
    assert not made
    pd.testing.assert_frame_equal(whole.claims, again.claims)
    pd.testing.assert_frame_equal(whole.curve, again.curve)


def test_the_public_part_has_no_estimate_and_no_claim_that_is_not_public(study, found):
    published = publish(study)
    public = found.publish(published)
    assert list(public) == ["claim", "label", "result", "verdict", "depends_on", "n", "n_same"]
    assert len(public)
    changes = published.tables["drift_changes"]
    hidden = replace(published, tables={
        **published.tables, "drift_changes": changes.assign(estimate=np.nan, p_bh=np.nan),
    })  # fmt: skip
    assert not found.publish(hidden)["claim"].str.startswith("change").any()
    other = replace(published, tables={
        **published.tables, "drift_changes": changes.assign(finding="fell"),
    })  # fmt: skip
    assert not found.publish(other)["claim"].str.startswith("change").any()


def test_the_page_is_private_offline_and_holds_hostile_text_as_text(found, tmp_path):
    hostile = replace(found, claims=found.claims.assign(label="<script>alert(1)</script>"))
    path = hostile.report(tmp_path / "page.html")
    text = path.read_text("utf-8")
    assert "PRIVATE" in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert text.count("<svg") == len(found.claims)
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InputError, match=r"must be an \.html file"):
        found.report(tmp_path / "page.txt")


@pytest.mark.slow
def test_the_command_says_each_verdict_and_writes_both_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("iapt_topics.cli.make.make_encoder", lambda *_: BagOfWords())
    monkeypatch.setattr("iapt_topics.cli.sensitivity.make_encoder", lambda *_: BagOfWords())
    files = survey_files(tmp_path)
    out = ["--out", str(tmp_path / "out"), "--n-runs", "2", "--quiet"]
    columns = ["--text", "comment", "--year", "year", "--respondent", "person",
               "--response", "response_id", "--codes", str(files / "codes.csv")]  # fmt: skip
    done = CliRunner().invoke(
        app,
        ["run", str(files / "survey.csv"), *columns, *out, "--frame", str(files / "frame.toml")],
    )
    assert done.exit_code == 0, done.output
    made = ["--out", str(tmp_path / "s.html"), "--public", str(tmp_path / "p.csv"), "--quiet"]
    done = CliRunner().invoke(app, ["sensitivity", str(tmp_path / "out"), *made])
    assert done.exit_code == 0, done.output
    assert "5 changes: 5 stable, 0 depends, 0 undetermined." in done.output
    assert "verdict" in (tmp_path / "p.csv").read_text("utf-8-sig")
    assert "PRIVATE" in (tmp_path / "s.html").read_text("utf-8")
    again = CliRunner().invoke(app, ["sensitivity", str(tmp_path / "out"), *made])
    assert isinstance(again.exception, InputError)
    done = CliRunner().invoke(app, ["sensitivity", str(tmp_path / "out"), "--json"])
    claims = json.loads(done.stdout)["claims"]
    assert {"claim", "verdict", "depends_on"} <= set(claims[0])
