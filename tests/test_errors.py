"""The table of errors in the docs is made from the code; ``python tests/test_errors.py`` writes it.

With ``IAPT_TOPICS_RAISED`` set to the path of a file, conftest writes down where an InputError is
made while the tests run; ``python tests/test_errors.py FILE`` then says which places none reaches.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "errors.md"
PARTS = ("what", "rule", "got", "do")
HEAD = """# Every error of bad input

An `InputError` says what is at fault, the rule that it breaks, what was found, and what to do.
On the command line it is one line, and the exit code is 2. This table is made from the code by
`python tests/test_errors.py`; `...` stands for a name or value of the user's own. `-` stands for a
part that depends on the case throughout.

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
            Path(name).stem if Path(name).stem != "__init__" else Path(name).parent.name,
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
    assert PAGE.read_text("utf-8") == page(), "run: python tests/test_errors.py"


def test_every_error_says_all_four_parts():
    for name, line, parts in sites():
        assert all(parts), f"{name}:{line} leaves a part empty"


if __name__ == "__main__":
    if len(sys.argv) == 1:
        PAGE.write_text(page(), "utf-8")
    else:
        reached = set(Path(sys.argv[1]).read_text("utf-8").splitlines())
        missed = [f"{n}:{line}" for n, line, _ in sites() if f"{n}:{line}" not in reached]
        sys.stdout.write(
            "\n".join(missed) + f"\n{len(sites()) - len(missed)} of {len(sites())} reached\n"
        )
