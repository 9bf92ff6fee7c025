"""Stages kept for later commands: as they were, of the same, and never in place of others."""

import json
import os
import shutil
import warnings
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pandas as pd
import pytest
from conftest import BagOfWords, survey_files, survey_rows

from iapt_topics._base.errors import InputError
from iapt_topics.pipeline import run, saved
from iapt_topics.pipeline.execute_plan import run_plan
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.saved import load, save, tables_once

STAGES = {f"stage-{n}" for n in ("agreement", "codes", "drift", "labels", "standardised")}


def plan_in(files):
    table = survey_rows().rename(columns={"subject": "theme"})
    both = [table.assign(coder="a"), table.iloc[10:].assign(coder="b")]
    pd.concat(both)[["response_id", "theme", "coder"]].to_csv(files / "two.csv", index=False)
    return StudyPlan(
        file=files / "survey.csv", text=("comment",), year="year", respondent="person", n_runs=2,
        response="response_id", codes=files / "two.csv", standardise=("subject",),
        frame=files / "frame.toml", out=files / "out",
    )  # fmt: skip


@pytest.fixture
def plan(files):
    return plan_in(files)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A plan that was carried out, and its results."""
    plan = plan_in(survey_files(tmp_path_factory.mktemp("first")))
    return plan, run_plan(plan, BagOfWords())


@pytest.fixture
def begun(plan, first_run):
    """A plan of the same, whose stages are kept."""
    shutil.copytree(first_run[0].out, plan.out)
    return plan


def noted(real, called):
    def call(*args, **more):
        called.append(real.__name__)
        return real(*args, **more)

    return call


@pytest.fixture
def measured(monkeypatch):
    """Names of what is measured."""
    called = []
    for module, name in (
        (run, "map_topics"), (run, "explained_codes"), (run, "measure_drift"),
        (run, "compare_codes"), (run, "standardise_drift"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, noted(vars(module)[name], called))
    return called


def stages(plan):
    return {p.name: p for p in (plan.out / "cache").glob("stage-*")}


def same(one, other):
    """Raise unless two values are equal to the bit and the type."""
    assert type(one) is type(other)
    if is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, check_column_type=True)
        for name in (c for c in one if pd.api.types.is_object_dtype(one[c])):
            assert [type(v) for v in one[name]] == [type(v) for v in other[name]]
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other, strict=True)
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            same(*pair)
    else:
        assert one == other


@pytest.mark.slow
def test_a_study_taken_up_again_is_equal_and_nothing_is_measured(plan, encoder, measured):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*kept")
        first = run_plan(plan, encoder)
        assert len(measured) == 6
        measured.clear()
        again = run_plan(plan, encoder)
    assert not measured
    manifest = dict(again.manifest, seconds=first.manifest["seconds"])
    same(first, replace(again, manifest=manifest))
    same(first, replace(run_plan(replace(plan, out=plan.out / "b"), encoder), manifest=manifest))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "anew"),
    [
        ({"codes": None}, []),
        ({"code_map": "map.csv"}, ["compare_codes", "compare_codes"]),
        ({"baseline": 2015}, ["measure_drift", "standardise_drift"]),
        ({"standardise": (), "covariates": ("subject",)}, []),
        ({"covariates": ("subject",), "disclosure": 3, "quotes": True}, []),
        ({"seed": 8}, ["map_topics", "explained_codes", "measure_drift", "compare_codes"]),
    ],
)
def test_only_what_depends_on_a_change_is_measured(begun, encoder, measured, change, anew):
    plan = begun
    if "code_map" in change:
        pd.DataFrame({"code": ["pay"], "theme": ["team"]}).to_csv(plan.file.parent / "map.csv")
        change = {"code_map": plan.file.parent / "map.csv"}
    changed = run_plan(replace(plan, **change), encoder)
    assert list(dict.fromkeys(measured)) == list(dict.fromkeys(anew))
    assert {n.rpartition("-")[0] for n in stages(plan)} == STAGES
    assert len(stages(plan)) == len(STAGES)  # that of before is gone
    fresh = run_plan(replace(plan, **change, out=plan.out / "fresh"), encoder)
    same(fresh, replace(changed, manifest=fresh.manifest))


@pytest.mark.slow
def test_another_program_measures_anew(begun, encoder, measured, monkeypatch):
    monkeypatch.setattr(saved, "_program", lambda: ("later",))
    run_plan(begun, encoder)
    assert len(measured) == 6


def test_tables_are_worked_out_once_of_the_same_results(begun, first_run, monkeypatch):
    study, folder = replace(first_run[1]), begun.out / "cache"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*kept")
        made = tables_once(folder, study)
    assert study.tables is made
    called = []
    monkeypatch.setattr("iapt_topics.study.study.exact_tables", lambda s: called.append(s) or {})
    later = replace(study, manifest={"seconds": 9})
    again = tables_once(folder, later)
    assert not called
    assert later.tables is again
    assert list(again) == list(made)
    for name, table in made.items():
        same(table, again[name])
    tables_once(folder, replace(study, redactions=None))
    assert len(called) == 1


def test_what_is_kept_is_private_and_holds_no_text(begun, first_run):
    texts = set(survey_rows()["comment"])
    tables_once(begun.out / "cache", replace(first_run[1]))
    assert set(stages(begun).keys()) > set(stages(first_run[0]))
    for folder in stages(begun).values():
        for path in (folder, *folder.iterdir()):
            assert os.name != "posix" or not path.stat().st_mode & 0o077
        for path in folder.glob("*.parquet"):
            assert not pd.read_parquet(path).isin(texts).any(axis=None)
        content = (folder / "values.json").read_text("utf-8")
        assert not [t for t in texts if t in content]


@pytest.mark.parametrize("name", ["values.json", "0.parquet", "record.json"])
def test_damaged_results_are_measured_anew(begun, first_run, encoder, measured, name):
    (place,) = (p for n, p in stages(begun).items() if n.startswith("stage-drift"))
    (place / name).write_bytes(b"no")
    with pytest.warns(UserWarning, match="drift results are made again: stage-drift"):
        again = run_plan(begun, encoder)
    assert measured == ["measure_drift"]
    same(first_run[1].drift, again.drift)


@pytest.mark.parametrize(
    "content",
    [
        {"class": "Popen", "fields": {"args": ["true"]}},
        {"table": "../../survey", "columns": [], "objects": {}},
        {"set": [1]},
        {"table": 7, "columns": ["a"], "objects": {}},
        "no JSON",
    ],
)
def test_a_file_makes_nothing_but_results(tmp_path, content):
    path = tmp_path / "values.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError, match="must contain complete results"):
        load(tmp_path)


def test_tables_of_every_kind_are_as_they_were(tmp_path):
    table = pd.DataFrame(
        {
            "text": pd.Series(["a", None, ""], dtype="str"),
            "list": [("x", 1), (), None],
            "flag": [True, False, True],
            "small": np.array([1, 2, 3], "int8"),
            "number": [0.1, np.nan, -0.0],
        },
        index=[5, 6, 7],
    )
    values = (
        table,
        table.iloc[:0],
        table[["list"]].iloc[:0],
        {1: 0.1, "b": frozenset({"c"})},
        None,
    )
    save(tmp_path / "kept", values)
    same(load(tmp_path / "kept"), values)
    few = pd.DataFrame({"few": pd.Categorical([], ["b", "a"])})  # Parquet loses what it may be
    for value, said in (
        ({1}, "no way to keep a set"),
        (few, "no way to keep a table of .category"),
    ):
        with pytest.raises(TypeError, match=said):
            save(tmp_path / "other", value)
        assert not (tmp_path / "other").exists()


def test_files_are_private_before_they_are_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("iapt_topics._base.files.private_tree", lambda _: None)
    save(tmp_path / "stage", (pd.DataFrame({"a": [1]}), "b"))
    found = [tmp_path / "stage", *(tmp_path / "stage").iterdir()]
    assert len(found) == 3
    assert {p.stat().st_mode & 0o077 for p in found} == {0}
