"""The shape of the project: what rooms hand on, what an import costs, what the files say.

Which way imports go is for ``lint-imports``, whose contracts stand in pyproject.toml.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import pydoc
import re
import runpy
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from numpydoc.validate import validate

import iapt_topics as it

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "iapt_topics"

HEAVY = (
    "bertopic",
    "hdbscan",
    "huggingface_hub",
    "jinja2",
    "matplotlib",
    "numba",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "torch",
    "transformers",
    "umap",
)


#: Each room's stub, which says where its public names are.
STUBS = sorted(PACKAGE.rglob("__init__.pyi"))


def handed_on(stub: Path) -> dict[str, str]:
    """Public names of a room, each with the file it comes from; "" for a room of the package."""
    return {
        name.name: node.module or ""
        for node in ast.parse(stub.read_text("utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_modules_import_from_files_alone(path):
    """Never through a room's ``__init__``: lint-imports would not see which file is meant."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(n.name == "iapt_topics" for n in node.names), f"line {node.lineno}"
        if not isinstance(node, ast.ImportFrom):
            continue
        assert node.level == 0, f"line {node.lineno}: imports are absolute"
        room = ROOT.joinpath(*(node.module or "").split("."))
        if (room / "__init__.pyi") in STUBS:
            for name in (n.name for n in node.names):
                file = (room / name).is_dir() or (room / f"{name}.py").is_file()
                assert file or name == "__version__", f"line {node.lineno}: {name}"


@pytest.mark.parametrize("stub", STUBS, ids=lambda p: p.parent.name)
def test_rooms_hand_on_what_their_stubs_name(stub):
    names = handed_on(stub)
    room = importlib.import_module(".".join(stub.parent.relative_to(ROOT).parts))
    assert dir(room) == sorted(names)
    for name, file in names.items():
        given = getattr(room, name)
        if inspect.ismodule(given):
            assert not file
            continue
        # Of a name and a file of that name, one would hide the other.
        assert not (stub.parent / name).is_dir(), name
        assert not (stub.parent / f"{name}.py").is_file(), name


def test_import_loads_nothing_heavy():
    code = "import iapt_topics, sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(done.stdout.split()) & set(HEAVY) == set()


def test_the_top_is_small_and_its_help_fits_a_screen():
    names = [name for name, file in handed_on(PACKAGE / "__init__.pyi").items() if file]
    assert len(names) <= 45
    assert set(names) <= set(re.findall(r"\w+", it.__doc__ or ""))
    page = pydoc.plain(pydoc.render_doc(it))
    lines = page.replace(str(PACKAGE), "").splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("stub", STUBS[1:], ids=lambda p: p.parent.name)
def test_what_a_room_says_of_itself_names_all_that_it_hands_on(stub):
    doc = ast.get_docstring(ast.parse(stub.with_suffix(".py").read_text("utf-8"))) or ""
    assert set(re.findall(r"``(\w+)``", doc)) == set(handed_on(stub))


#: Every public name, as where a user finds it; a name at the top is in a room as well.
PUBLIC = {
    f"{stub.parent.name}.{name}": getattr(
        importlib.import_module(f"iapt_topics.{stub.parent.name}"), name
    )
    for stub in STUBS
    for name in handed_on(stub)
    if stub.parent != PACKAGE
}


#: Public methods and properties of public classes, by the class as a user finds it.
METHODS = {
    f"{name}.{method}": value
    for name, given in PUBLIC.items()
    if inspect.isclass(given)
    for method, value in vars(given).items()
    if method[0] != "_" and (inspect.isfunction(value) or hasattr(value, "__get__"))
    if not inspect.ismemberdescriptor(value)  # an attribute, which the class describes
}


@pytest.mark.parametrize(
    "name", [n for n, given in (PUBLIC | METHODS).items() if inspect.isfunction(given)]
)
def test_docstring_of_a_public_function_is_whole_and_true_to_its_signature(name):
    found = dict(validate(f"iapt_topics.{name}")["errors"])
    needed = {"GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "PR04", "PR07", "RT01", "RT03"}
    assert not {code: said for code, said in found.items() if code in needed}


@pytest.mark.parametrize(
    "name", [n for n, given in (PUBLIC | METHODS).items() if callable(given) or n in METHODS]
)
def test_first_line_of_a_docstring_is_a_short_sentence(name):
    first, *rest = (inspect.getdoc((PUBLIC | METHODS)[name]) or "").splitlines()
    # A dataclass without a docstring is given its signature as one.
    assert re.fullmatch(r"[A-Z].{10,98}\.", first), first
    assert not rest or not rest[0], "a blank line below it"


@pytest.mark.parametrize("name", [n for n, given in PUBLIC.items() if is_dataclass(given)])
def test_docstring_of_a_result_names_each_of_its_parts(name):
    described = set(re.findall(r"\w+", " ".join(c.__doc__ or "" for c in PUBLIC[name].__mro__[:3])))
    assert {f.name for f in fields(PUBLIC[name])} <= described


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == it.__version__
    assert f"## {it.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()


def test_citation_names_the_software_and_the_paper_apart():
    lines = (ROOT / "CITATION.cff").read_text("utf-8").splitlines()
    assert "cff-version: 1.2.0" in lines
    assert f"version: {it.__version__}" in lines
    software = lines[: lines.index("references:")]
    paper = "\n".join(lines[lines.index("references:") :])
    assert '  - name: "The iapt_topics developers"' in software
    for author in ("Harper", "Bhutani", "Rao", "Clarke"):
        assert f"family-names: {author}" in paper
        assert not any(author in line for line in software)


def test_each_seeded_fault_has_its_place_and_its_tests():
    found = runpy.run_path(str(ROOT / "benchmarks" / "seeded_faults.py"))["FAULTS"]
    wrong = [f"{file}: no {test}" for file, tests, _ in found for test in tests
             if not (ROOT / "tests" / test).is_file()]  # fmt: skip
    for file, _, faults in found:
        code = (PACKAGE / file).read_text("utf-8")
        wrong += [f"{file}: {old!r} {n} times" for old, _ in faults if (n := code.count(old)) != 1]
    assert not wrong


SKIPS = {
    "as it runs": "import pytest\ndef test(): pytest.skip('no browser here')",
    "by a mark": "import pytest\n@pytest.mark.skipif(1, reason='no browser here')\ndef test(): 0",
    "as a whole": "import pytest\npytest.skip('no browser here', allow_module_level=True)",
}


@pytest.mark.slow
def test_a_skip_fails_in_ci_and_nowhere_else(tmp_path):
    for name, code in SKIPS.items():
        (tmp_path / f"test_{name.replace(' ', '_')}.py").write_text(code)
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    words = ("-q", "-rA", "-p", "no:cacheprovider", "--continue-on-collection-errors")
    for ci, codes, failed in (("true", {1}, len(SKIPS)), ("", {0, 5}, 0)):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words, tmp_path],
            env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode in codes, done.stdout
        last = done.stdout.splitlines()[-1]
        n = {word: int(count) for count, word in re.findall(r"(\d+) (\w+?)s?\b", last)}
        assert n.get("failed", 0) + n.get("error", 0) == failed, last
        assert n.get("skipped", 0) == len(SKIPS) - failed, last
        said = done.stdout.count("Nothing may be skipped in CI: Skipped: no browser here")
        assert said >= failed if ci else said == 0


def git_files(*options: str) -> list[Path]:
    try:
        done = subprocess.run(
            ["git", "ls-files", "-z", *options],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    return [ROOT / name for name in done.stdout.split("\0") if name]


# Some are written in pieces, so that this file does not find itself.
BANNED = {
    "a path of one machine": r"(?<![\w.])/(?:home|root|tmp|work|Users)/\w",
    "a path of one Windows machine": r"\b[A-Z]:\\+Users\b",
    "a package index": r"\b(?:pypi|pythonhosted|pytorch)\.org\b",
    "an index option": r"--(?:extra-)?index" + r"-url|--find" + r"-links",
    "a model hub": r"\bhuggingface\.co\b",
    "a private address": r"(?<![\d.])(?:10\.\d+|192\.168|172\.(?:1[6-9]|2\d|3[01]))"
    r"(?:\.\d+){2}(?![\d.])",
}


def test_no_file_names_a_machine_or_a_registry():
    files = git_files() or git_files("--others", "--exclude-standard")
    if not files:
        pytest.skip("not a git checkout")
    found = []
    for path in files:
        if not path.is_file():
            continue
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # a picture
        found += [
            f"{path.relative_to(ROOT)}:{i} has {what}"
            for i, line in enumerate(lines, start=1)
            for what, pattern in BANNED.items()
            if re.search(pattern, line)
        ]
    assert not found


#: What may have many parameters: commands, and calls that name what a user's file holds.
WIDE = {"run", "certify", "edits", "export", "sample", "validate"} | {
    "load_responses",
    "analyse",
    "scale_study",
}


def code_lines(function: ast.FunctionDef, lines: list[str]) -> int:
    """Lines of code of a function, without its docstring, comments and blank lines."""
    first = function.body[0]
    told = range(0)
    if ast.get_docstring(function) is not None:
        told = range(first.lineno, (first.end_lineno or first.lineno) + 1)
    numbers = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    text = (lines[i - 1].strip() for i in numbers if i not in told)
    return sum(bool(line) and not line.startswith("#") for line in text)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_files_and_functions_stay_small(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 450
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node, lines) <= 70, node.name
            parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            given = [a for a in parameters if a.arg not in ("self", "cls")]
            assert len(given) <= 8 or node.name in WIDE, node.name


@pytest.mark.parametrize("stub", STUBS, ids=lambda p: p.parent.name)
def test_every_public_seed_is_7_unless_it_must_be_given(stub):
    room = importlib.import_module(".".join(stub.parent.relative_to(ROOT).parts))
    for name in handed_on(stub):
        if callable(function := getattr(room, name)):
            seed = inspect.signature(function).parameters.get("seed")
            assert seed is None or seed.default in (7, seed.empty), name
