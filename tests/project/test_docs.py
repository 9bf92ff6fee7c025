"""The pages: every public name has its place, what they show is true, and they build offline."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import iapt_topics as it

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = DOCS.parent / "iapt_topics"


@pytest.mark.slow  # a new name is missed by the whole suite, and holds up nobody before
def test_reference_has_every_public_name_once():
    pages = "\n".join(p.read_text("utf-8") for p in (DOCS / "reference").glob("*.rst"))
    named = re.findall(
        r"^\.\. auto(?:function|class|exception):: (\w+)$", pages, flags=re.MULTILINE
    )
    # Of arrays and figures, help() says what there is.
    rooms = [
        r for r in dir(it) if inspect.ismodule(getattr(it, r)) and r not in ("stats", "figures")
    ]
    names = {n for room in (it, *(getattr(it, r) for r in rooms)) for n in dir(room)} - {*rooms}
    assert sorted(named) == sorted(
        (names | {"publish"}) - {"stats", "figures"}
    )  # room and function


def test_the_page_of_the_rooms_is_true():
    page = (DOCS / "architecture.md").read_text("utf-8")
    rooms = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE)) == rooms
    files = re.findall(r"`([a-z_]+/[\w.]+\.\w+)`", page)
    assert files
    wrong = [f for f in files if not (PACKAGE / f).is_file() and not (DOCS.parent / f).is_file()]
    assert not wrong


def test_results_are_those_of_the_laboratory_notebook():
    """Each figure of the benchmarks stands in the notebook; each command names a file."""
    results = (DOCS / "benchmarks.md").read_text("utf-8")
    notebook = (DOCS / "laboratory.md").read_text("utf-8")
    assert len(results.splitlines()) <= 220
    decimal = r"(?<![\w.])\d*\.\d+"
    measured = {float(number) for number in re.findall(decimal, notebook)}
    said = re.findall(decimal, re.sub(r"\(laboratory\.md[^)]*\)|`[^`]*`", "", results))
    assert len(said) > 200
    assert not [number for number in said if float(number) not in measured]
    scripts = {*re.findall(r"`(?:\S+ )?(?:python benchmarks/)?(\w+\.py)", results)}
    assert scripts
    assert not [s for s in scripts if not (DOCS.parent / "benchmarks" / s).is_file()]


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_of_a_page_outside_the_docs_lead_somewhere(page):
    """Those within the docs are checked as they are built."""
    root = DOCS.parent
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", (root / page).read_text("utf-8"))
    assert page != "README.md" or len(links) > 10
    for path, anchor in links:
        if path.startswith(("http", "mailto:")):
            continue
        assert (root / path).exists(), path
        if anchor:
            headings = re.findall(r"^#+ (.*)$", (root / path).read_text("utf-8"), re.MULTILINE)
            assert anchor in {h.lower().replace(" ", "-") for h in headings}, anchor


def test_the_first_page_is_one_screen_and_a_half():
    """The picture, three questions, two commands and three doors, in the README as in the docs."""
    for page in (DOCS.parent / "README.md", DOCS / "index.md"):
        text = page.read_text("utf-8")
        assert len(text.splitlines()) <= 80
        assert "images/report.png" in text
        assert 'python -m pip install ".[offline]"\niapt-topics demo\n' in text
        for door in ("tutorial.md", "howto/index.md", "reference/index.rst"):
            assert door in text, door


def test_speed_writes_where_its_tables_are():
    notebook = (DOCS / "laboratory.md").read_text("utf-8")
    for part in ("--runs 5", "--peers", "--sizes"):
        assert notebook.count(f"<!-- made by benchmarks/speed.py {part} -->") == 1
    assert "--write docs/laboratory.md" in (DOCS.parent / "Makefile").read_text("utf-8")


@pytest.mark.slow
def test_pages_build_without_warnings_or_the_network(tmp_path):
    pytest.importorskip("myst_nb")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", DOCS, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetched = r"<(?:script|img|iframe)[^>]+src=\"(?:https?:)?//|<link[^>]+href=\"(?:https?:)?//"
    tutorial = (tmp_path / "tutorial.html").read_text("utf-8")
    # It was run, and shows what came out of each command, from a file to a draft.
    for said in (
        "Human-human agreement",
        "Written: study",
        "of 500 rows",
        "Machine-human agreement",
        "topics could be told apart",
        "responses changed.",
        "Learned from the codes of",
        "decisions.mapping: none",
        "draft.docx",
    ):
        assert said in tutorial, said
    teachers = (tmp_path / "tutorial_teachers.html").read_text("utf-8")
    said_there = ("Human-human agreement", "automate", "no significant change", "draft.docx")
    for said in ("NOT VALIDATED", *said_there):
        assert said in teachers, said
    assert ">0.081<" in teachers.replace(" ", "")  # as the text below the table says
    gallery = (tmp_path / "gallery.html").read_text("utf-8")
    drawn = re.findall(r"<img alt=\"[^\"]{20,}\"[^>]*src=\"_images/[0-9a-f]+\.png\"", gallery)
    assert len(drawn) == 12
    for page in tmp_path.rglob("*.html"):
        assert not re.search(fetched, page.read_text("utf-8")), page.name
