"""The pages: every public name has its place, what they show is true, and they build offline."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

import iapt_topics as it

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.slow  # a new name is missed by the whole suite, and holds up nobody before
def test_reference_has_every_public_name_once():
    pages = "\n".join(p.read_text("utf-8") for p in (DOCS / "reference").glob("*.rst"))
    named = re.findall(
        r"^\.\. auto(?:function|class|exception):: (\w+)$", pages, flags=re.MULTILINE
    )
    assert sorted(named) == sorted(it.__all__)


@pytest.mark.slow
def test_outputs_of_the_tutorial_are_true():
    page = (DOCS / "tutorial.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```", page, re.DOTALL | re.M)
    assert len(blocks) == page.count("```python")
    names: dict[str, object] = {}
    for code, shown in blocks:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(code, "tutorial.md", "exec"), names)  # noqa: S102 (our own page)
        assert said.getvalue().strip() == shown.strip()


@pytest.mark.slow
def test_pages_build_without_warnings_or_the_network(tmp_path):
    pytest.importorskip("myst_parser")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", DOCS, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetched = r"<(?:script|img|iframe)[^>]+src=\"(?:https?:)?//|<link[^>]+href=\"(?:https?:)?//"
    for page in tmp_path.rglob("*.html"):
        assert not re.search(fetched, page.read_text("utf-8")), page.name
