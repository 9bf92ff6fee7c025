"""The table of errors in the docs is made from the code.

``PYTHONPATH=tests python tests/project/test_errors.py`` writes it.

With ``IAPT_TOPICS_RAISED`` set to the path of a file, conftest writes down where an InputError is
made while the tests run; the same command with FILE then says which places none reaches.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import qda_files
import standins
from conftest import BagOfWords
from qda_files import project_of

from iapt_topics._base.errors import InputError
from iapt_topics._base.tables import read_table
from iapt_topics.cli.look import verify
from iapt_topics.cli.make import run
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import Embeddings
from iapt_topics.encoders.encoder import SentenceEncoder
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.pipeline.manifest import _INPUTS, MANIFEST
from iapt_topics.pipeline.run import run_study
from iapt_topics.qda import read_project, write_codes
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.respondents import respondent_mix
from iapt_topics.survey.responses import Responses

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
PARTS = ("what", "rule", "got", "do")
HEAD = """# Every error of bad input

An `InputError` says what is at fault, the rule that it breaks, what was found, and what to do.
On the command line it is one line, and the exit code is 2. This table is made from the code by
`PYTHONPATH=tests python tests/project/test_errors.py`; `...` stands for a name or value of the
user's own. `-` stands for a part that depends on the case throughout.

| from | what is at fault | rule | what to do |
|---|---|---|---|
"""


def shown(node: ast.expr | None, known: dict[str, ast.expr]) -> str:
    """Text of an argument, with "..." for what is filled in."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(
                shown(v, known) if isinstance(v, ast.Constant) else "..." for v in values
            )
        case ast.IfExp(body=body, orelse=other):
            return f"{shown(body, known)} / {shown(other, known)}"
        case ast.BinOp(left=left, right=right):
            return shown(left, known) + shown(right, known)
        case ast.Name(id=name) if name in known:
            return shown(known[name], {k: v for k, v in known.items() if k != name})
    return "..."


def sites() -> list[tuple[str, int, list[str]]]:
    """File, line and the parts of each error, in the order of files and lines."""
    found = []
    for path in sorted((ROOT / "iapt_topics").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        whole = {
            n.targets[0].id: n.value
            for n in tree.body
            if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
        }
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        for call in ast.walk(tree):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "InputError"):
                continue
            around = [f for f in functions if f.lineno <= call.lineno <= (f.end_lineno or 0)]
            known = dict(whole)
            for inner in around:
                for n in ast.walk(inner):
                    if isinstance(n, ast.Assign) and n.lineno < call.lineno:
                        pairs = zip(
                            getattr(n.targets[0], "elts", n.targets),
                            getattr(n.value, "elts", [n.value]),
                            strict=False,
                        )
                        known |= {t.id: v for t, v in pairs if isinstance(t, ast.Name)}
            given = dict(zip(PARTS, call.args, strict=False))
            given |= {k.arg: k.value for k in call.keywords if k.arg}
            parts = [shown(given.get(p), known) for p in PARTS]
            found.append((path.relative_to(ROOT).as_posix(), call.lineno, parts))
    return sorted(found)


def page() -> str:
    rows = dict.fromkeys(
        (
            ".".join(Path(name).with_suffix("").parts[1:]).removesuffix(".__init__"),
            *(" ".join(parts[i].replace("|", "\\|").split()) for i in (0, 1, 3)),
        )
        for name, _, parts in sites()
    )
    lines = [
        f"| `{name}` | " + " | ".join("-" if c.strip(". ") == "" else c for c in cells) + " |"
        for name, *cells in rows
    ]
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.slow  # so that a new error does not stop quick tests; it does stop a release
def test_the_table_of_errors_is_that_of_the_code():
    assert PAGE.read_text("utf-8") == page(), (
        "run: PYTHONPATH=tests python tests/project/test_errors.py"
    )


def test_every_error_says_all_four_parts():
    for name, line, parts in sites():
        assert all(parts), f"{name}:{line} leaves a part empty"


# Those that no other test comes by


def nothing_kept() -> Responses:
    survey = qda_files.survey()
    return replace(survey, table=survey.table.assign(status="blank"))


def codes_with(tmp_path: Path, kind: str = "human", score: str = "", **more: object) -> None:
    rows = f"response_id,theme,coder,kind,score\nr1,S1,A,human,{score}\nr2,S1,A,{kind},\n"
    (tmp_path / "codes.csv").write_text(rows)
    load_codes(tmp_path / "codes.csv", frame=qda_files.FRAME, coder="A", **more)


def other_frame(tmp_path: Path) -> None:
    project = read_project(project_of(tmp_path / "p.qda", spans=[("r1", "A", 1, 3, 11)]),
                           responses=qda_files.survey())  # fmt: skip
    bare = replace(project, segments=project.segments.head(0))
    frame = ThemeFrame(name="other", themes=(Theme(id="Z9", label="Zebra"),))
    load_codes(bare, frame=frame, coder="A")


def an_empty_sheet(tmp_path: Path) -> None:
    from openpyxl import Workbook

    Workbook().save(tmp_path / "empty.xlsx")
    read_table(tmp_path / "empty.xlsx", "survey")


def a_result_without_its_plan(tmp_path: Path) -> None:
    content = {key: {} for key in [*_INPUTS, "files"]} | {"format": 1, "command": []}
    (tmp_path / MANIFEST).write_text(json.dumps(content))
    verify(tmp_path)


def rows_of_another_survey(tmp_path: Path) -> None:
    responses = standins.responses()
    alien = Codes(
        coder="A", kind="human", themes=("S1",),
        seen=pd.DataFrame({"response_id": ["x1"], "respondent_id": [""]}),
        table=pd.DataFrame({"response_id": ["x1"], "theme": ["S1"], "score": [np.nan]}),
    )  # fmt: skip
    run_study(responses, qda_files.FRAME, BagOfWords(), human=(alien,))


@pytest.mark.parametrize(
    ("error", "caused"),
    [
        ("must have a theme of the frame 'other'", other_frame),
        ("'kind' must be the same in all rows", lambda at: codes_with(at, kind="machine")),
        ("'score' must be numbers or blank", lambda at: codes_with(at, score="x")),
        ("must come with the file", lambda at: codes_with(at, documents={"a": "r1"})),
        ("must have a header and rows; got an empty sheet", an_empty_sheet),
        ("must contain a kept response", lambda _: respondent_mix(nothing_kept(), ["text"])),
        ("must contain a kept response", lambda at: write_codes(
            at / "p.qdpx", (), frame=qda_files.FRAME, responses=nothing_kept())),
        ("must have a study.toml", a_result_without_its_plan),
        ("--text must be given with a survey file", lambda _: run(Path(__file__))),
        ("must contain one row for each response id", lambda _: Embeddings(
            vectors=np.ones((2, 3), np.float32), response_id=("a",), model="m", fingerprint="f")),
        ("needs at least one text", lambda _: SentenceEncoder(
            name="m", folder=Path(), fingerprint="f").encode([])),
        ("must be for responses of this survey", rows_of_another_survey),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_errors_that_no_other_test_comes_by(error, caused, tmp_path):
    with pytest.raises(InputError, match=re.escape(error)):
        caused(tmp_path)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        PAGE.write_text(page(), "utf-8")
    else:
        reached = set(Path(sys.argv[1]).read_text("utf-8").splitlines())
        missed = [f"{n}:{line}" for n, line, _ in sites() if f"{n}:{line}" not in reached]
        sys.stdout.write(
            "\n".join(missed) + f"\n{len(sites()) - len(missed)} of {len(sites())} reached\n"
        )
