"""The shape of the project: which way imports go, what an import costs, what the files say."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from numpydoc.validate import validate

import iapt_topics as it

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "iapt_topics"

#: A module may import those before it at run time, inside its functions too. Imports for type
#: checkers alone do not run and are free; so are imports within a sub-package.
ORDER = (
    "_checks",
    "_one_line",
    "figures",
    "_notebook",
    "_private",
    "_files",
    "_kept",
    "_limits",
    "_parquet_pages",
    "_parquet_size",
    "_memory",
    "_tables",
    "inference",
    "_set_metrics",
    "metrics",
    "non_answers",
    "sentences",
    "_copies",
    "_languages",
    "_statuses",
    "_waves",
    "responses",
    "_large_model",
    "redaction",
    "_vector_cache",
    "embeddings",
    "distil",
    "consensus",
    "_layouts",
    "_topic_words",
    "_bertopic_model",
    "topics",
    "topic_edits",
    "topic_files",
    "_topic_cache",
    "exemplars",
    "_sheets",
    "qda",
    "_frame_files",
    "frame",
    "_codes_table",
    "codes",
    "code_files",
    "axis",
    "scoring",
    "topic_labels",
    "mapping",
    "facets",
    "encoder_comparison",
    "mapping_edits",
    "sampling",
    "coding",
    "distinctness",
    "_theme_level",
    "_agreement_tables",
    "_convergence_table",
    "agreement",
    "convergence",
    "_drift_model",
    "_drift_trends",
    "_drift_distances",
    "_drift_sources",
    "_drift_tables",
    "new_wave",
    "answering",
    "prevalence",
    "drift",
    "standardise",
    "effects",
    "panel",
    "_meaning_model",
    "meaning",
    "flow",
    "_partitions",
    "_survey_sample",
    "scale",
    "_suppression",
    "disclosure",
    "_published_counts",
    "_published_derived",
    "_published_sources",
    "publishing",
    "exports",
    "draft",
    "approval",
    "report",
    "datasets",
    "manifest",
    "study",
    "plan",
    "pipeline",
    "cli",
)
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


def module_of(path: Path) -> str:
    """First name below the package: the module, or the sub-package that the file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def code_files() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def is_for_type_checkers(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def run_time_imports(node: ast.AST) -> set[str]:
    """Modules of the package that code imports when it runs."""
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"line {child.lineno}: imports are absolute"
            if child.module == "iapt_topics":
                found |= {name.name for name in child.names}
            elif child.module and child.module.startswith("iapt_topics."):
                found.add(child.module.split(".")[1])
        elif isinstance(child, ast.Import):
            names = [name.name.split(".") for name in child.names]
            found |= {n[1] if len(n) > 1 else "__init__" for n in names if n[0] == "iapt_topics"}
        elif is_for_type_checkers(child):
            found |= set().union(*map(run_time_imports, child.orelse))
        else:
            found |= run_time_imports(child)
    return found


def test_every_module_has_its_place():
    modules = {module_of(p) for p in code_files()} - {"frames"}  # frames/ holds data alone
    assert modules == set(ORDER)


@pytest.mark.parametrize("path", code_files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    module = module_of(path)
    if module == "frames":
        assert not run_time_imports(ast.parse(path.read_text("utf-8")))
        return
    imported = run_time_imports(ast.parse(path.read_text("utf-8"))) - {module}
    wrong = imported - set(ORDER[: ORDER.index(module)])
    assert not wrong, f"{module} may not import {sorted(wrong)}"


def test_imports_for_type_checkers_are_not_counted():
    code = """
from iapt_topics import consensus
if TYPE_CHECKING:
    from iapt_topics.study import Study
def f():
    import iapt_topics.codes
    from iapt_topics.report.compute import clean
"""
    assert run_time_imports(ast.parse(code)) == {"consensus", "codes", "report"}


def test_import_loads_nothing_heavy():
    code = "import iapt_topics, sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert set(done.stdout.split()) & set(HEAVY) == set()


def test_public_names_are_sorted_and_single():
    assert it.__all__ == sorted(set(it.__all__))
    assert it.__all__ == list(it._HOME)


@pytest.mark.parametrize("name", [n for n in it.__all__ if inspect.isfunction(getattr(it, n))])
def test_docstring_of_a_public_function_is_whole_and_true_to_its_signature(name):
    found = dict(validate(f"iapt_topics.{name}")["errors"])
    needed = {"GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "PR04", "PR07", "RT01", "RT03"}
    assert not {code: said for code, said in found.items() if code in needed}


@pytest.mark.parametrize("name", it.__all__)
def test_public_names_exist_and_are_described(name):
    described = getattr(it, name).__doc__ or ""
    # A dataclass without a docstring is given its signature as one.
    assert described.strip()
    assert not described.startswith(f"{name}(")


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
