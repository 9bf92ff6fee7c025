"""The examples, and the script of the README: short, true to the public names, and they run."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import standins

import iapt_topics as it
from iapt_topics.datasets.example import example_path
from iapt_topics.publish import keep_private
from iapt_topics.report.pictures import figure_makers

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("[0-9]*.py"))
#: What each example leaves in its folder.
WRITTEN = {
    "01_quickstart": {"cache", "report.html"},
    "02_own_frame": {"my_frame.csv", "codes.csv"},
    "03_machine_and_human": {"convergence.xlsx", "disagreements.csv"},
    "04_drift_with_covariates": {"changes.csv", "effects.csv"},
    "05_new_wave": {"topics"},
    "06_correcting_shares": {"to_code.xlsx", "shares.csv"},
    "07_export_to_qda": {"to_code.qdpx", "coded.qdpx"},
    "08_scaling_with_dask": {"survey", "results"},
    "11_your_own_bertopic": {"report.html"},
}
#: The others load the sentence model.
QUICK = ("04_drift_with_covariates",)
APART = ("08_scaling_with_dask",)


def python_in(text: str) -> list[str]:
    """Blocks of Python in a page."""
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


PAGES = [
    ROOT / "README.md",
    *(p for p in sorted((ROOT / "docs").rglob("*.md")) if python_in(p.read_text("utf-8"))),
]
SCRIPTS = {p.stem: p.read_text("utf-8") for p in EXAMPLES} | {
    str(p.relative_to(ROOT)): "\n".join(python_in(p.read_text("utf-8"))) for p in PAGES
}


def public_calls(code: str) -> set[str]:
    """Names of ``it.`` that the code calls, each bound to its signature.

    Of a function of a room, ``it.publish.publish``, it is the room's name.
    """
    used = set()
    for call in ast.walk(ast.parse(code)):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="it"), attr=name)):
                function = getattr(it, name)
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="it"), attr=name), attr=function_name
                )
            ):
                function = getattr(getattr(it, name), function_name)
            case _:
                continue
        used.add(name)
        if any(isinstance(a, ast.Starred) for a in call.args):
            continue
        keywords = {k.arg: None for k in call.keywords if k.arg}
        inspect.signature(function).bind(*call.args, **keywords)
    return used


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_call_public_names_with_arguments_they_take(name):
    assert public_calls(SCRIPTS[name]) <= set(dir(it))


def test_the_first_scripts_show_the_whole_way():
    way = {"fit_topics", "map_topics", "code_responses", "measure_drift"}
    way |= {"Study", "publish", "write_report"}
    assert way <= public_calls(SCRIPTS["01_quickstart"])
    tutorial = "\n".join(cells_in((ROOT / "docs" / "tutorial.md").read_text("utf-8")))
    assert way - {"Study"} | {"load_responses", "embed", "compare_codes"} <= public_calls(tutorial)


def cells_in(text: str) -> list[str]:
    """Cells of Python that a page runs when it is built."""
    cells = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    # Without the options of a cell; a cell that begins with a command has no Python.
    cells = [re.sub(r"\A(?::.*\n)+\n?", "", c) for c in cells if not c.startswith(":tags")]
    return [c for c in cells if not c.startswith("!")]


def test_the_survey_of_teachers_is_read_as_a_tool_exports_it(tmp_path):
    made = runpy.run_path(str(ROOT / "examples" / "make_teachers.py"))
    made["main"](tmp_path)
    survey = it.load_responses(
        tmp_path / "teachers_export.xlsx", text=made["QUESTION"], year="Start Date",
        response="Respondent ID", respondent=made["CODE"], covariates=[made["PHASE"]],
    )  # fmt: skip
    rows = made["make_survey"]()
    assert survey.ledger["n"].sum() == len(rows) == 450
    assert {"header rows", "years", "panel"} <= set(survey.findings["kind"])
    planted = {r["id"]: r["themes"] for r in rows}
    kept = survey.table.assign(themes=survey.table["response_id"].map(planted))
    share = kept.groupby("year")["themes"].agg(lambda themes: sum("BEHAVE" in t for t in themes))
    assert (share[2024] - share[2022]) / len(kept) * 3 > 0.2
    frame = it.load_frame(tmp_path / "teachers_codebook.csv")
    assert [t.id for t in frame.themes] == list(made["PLANTED"])
    page = (ROOT / "docs" / "tutorial_teachers.md").read_text("utf-8")
    for name in (made["QUESTION"], made["CODE"], made["PHASE"]):
        assert name in page
    assert public_calls("\n".join(cells_in(page))) <= set(dir(it))
    # A command of several lines is shown, and run as one line that is not.
    shown = re.findall(r"^```sh\n(iapt-topics .*?)\n```", page, re.DOTALL | re.MULTILINE)
    run = re.findall(r"^!(iapt-topics .*)$", page, re.MULTILINE)
    assert len(shown) == 2
    assert {re.sub(r" \\\n *", " ", command) for command in shown} <= set(run)


def test_the_gallery_has_every_figure_and_the_line_that_makes_it():
    page = (ROOT / "docs" / "gallery.md").read_text("utf-8")
    code = "\n".join(cells_in(page))
    assert {name for name in dir(it.figures) if f"it.figures.{name}" not in page} == set()
    survey = standins.responses()
    coded = standins.codes(survey)
    study = standins.study_of(
        responses=survey, codes=coded, comparison=standins.comparison(),
        drift=standins.drift(survey, coded), axis_drift=standins.axis_drift(survey, coded),
    )  # fmt: skip
    names = figure_makers(keep_private(study))
    assert {"changes", "agreement", "mapping"} <= set(names)
    assert [n for n in names if f'study.plot("{n}")' not in code] == []
    assert public_calls(code) <= set(dir(it))


# Of the quick tests, the one with the real model.
def test_the_script_of_the_readme_runs_from_a_file_to_two_reports(tmp_path, monkeypatch):
    folder = example_path().parent
    shutil.copy(folder / "synthetic_survey.csv", tmp_path / "survey.csv")
    shutil.copy(folder / "synthetic_coders.csv", tmp_path / "human_codes.csv")
    monkeypatch.chdir(tmp_path)
    script = python_in((ROOT / "README.md").read_text("utf-8"))[0]
    assert len(ast.parse(script).body) == 5
    Path("readme.py").write_text(script, encoding="utf-8")
    study = runpy.run_path("readme.py")
    assert "PRIVATE" in Path("report.html").read_text("utf-8")
    assert "PRIVATE" not in Path("public.html").read_text("utf-8")
    assert study["study"].check()["status"].tolist()[:2] == ["fine", "fine"]


def test_every_example_is_short_and_run_here():
    assert [p.stem for p in EXAMPLES] == list(WRITTEN)
    assert all(len(p.read_text("utf-8").splitlines()) <= 60 for p in EXAMPLES)
    assert len((ROOT / "examples" / "01_quickstart.py").read_text("utf-8").splitlines()) < 40


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, id=p.stem, marks=() if p.stem in QUICK else pytest.mark.slow)
        for p in EXAMPLES
    ],
)
@pytest.mark.filterwarnings("ignore", "error::FutureWarning")
def test_examples_run(path, tmp_path, monkeypatch, capfd):
    # Here, where libraries and model are loaded; one whose workers load the file again, apart.
    if path.stem in APART:
        command = [sys.executable, "-W", "error::FutureWarning", path, tmp_path / "out"]
        env = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=tmp_path, env=env, check=True)
    else:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(path), str(tmp_path / "out")])
        runpy.run_path(str(path), run_name="__main__")
    assert "SYNTHETIC" in capfd.readouterr().out + path.read_text("utf-8").split('"""')[1]
    assert {p.name for p in tmp_path.iterdir()} == {"out"}
    assert {p.name for p in (tmp_path / "out").iterdir()} == WRITTEN[path.stem]


def kinds(cell) -> list[list[str]]:
    """What kinds of output a cell shows."""
    return [sorted(o.get("data", ["text"])) for o in cell.get("outputs", ())]


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda p: p.stem)
# The kernel listens on this machine alone.
@pytest.mark.filterwarnings("ignore:.*TCP without encryption")
def test_notebooks_run_and_show_what_they_say(path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    run = runpy.run_path(str(ROOT / "examples" / "run_notebooks.py"))["run"]
    kept = json.loads(path.read_text("utf-8"))
    assert "SYNTHETIC" in "".join(kept["cells"][0]["source"])
    assert str(Path.home()) not in path.read_text("utf-8")
    for cell, now in zip(kept["cells"], run(path).cells, strict=True):
        assert kinds(cell) == kinds(now)
