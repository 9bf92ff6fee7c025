"""The checks, each in an environment of its own: ``nox``, or one of them with ``nox -s lint``."""

from __future__ import annotations

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.reuse_existing_virtualenvs = True

CONSTRAINTS = ("--constraint", "constraints.txt")


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff and the import contracts, without changing a file."""
    session.install(*CONSTRAINTS, "ruff", "import-linter")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache")


@nox.session
def types(session: nox.Session) -> None:
    """Run mypy, strict."""
    session.install(*CONSTRAINTS, "--editable", ".[dev]")
    session.run("mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests and doctests; words after ``--`` go to pytest."""
    session.install(*CONSTRAINTS, "--editable", ".[offline,spss,language,names,scale,static,dev]")
    session.run("pytest", *session.posargs)
