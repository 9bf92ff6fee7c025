"""``init``: look at a survey file, ask about it, and write its study.toml."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from iapt_topics._base.errors import InputError, listed, suggestion
from iapt_topics.cli._screen import STOPPED
from iapt_topics.cli.make import parse_disclosure, require_new
from iapt_topics.pipeline.plan import (
    DEFAULT_FRAME,
    PLAN,
    StudyPlan,
    parse_frame,
    plan_text,
    read_plan,
)

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.cli._columns import Column, Guess

_NONE = "-"
T = TypeVar("T")


def init(
    file: Annotated[
        Path, typer.Argument(help="The survey: .csv, .tsv, .xlsx, .parquet, .sav or .dta.")
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="The file to write; by default study.toml beside the survey."),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Accept every guess and ask nothing.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Ask about a survey file and write its study.toml.

    No response is shown: only how many cells of a column are filled and what they look like.
    """
    from iapt_topics._base.files import write_whole
    from iapt_topics._base.tables import read_table
    from iapt_topics.cli._columns import describe_columns, guess_roles

    to = to or file.parent / PLAN
    require_new(to, force)
    table, notes = read_table(file, "survey")
    for note in notes:
        typer.echo(f"Note: {note}", err=True)
    bare = [name for name in table.columns if name.startswith("Unnamed: ")]
    if 2 * len(bare) > len(table.columns):
        rule, got = (
            "must have its column names in the first row",
            f"{len(bare)} columns without a name",
        )
        do = "Remove the rows above the column names, such as a title."
        raise InputError(f"survey {file.name!r}", rule, got, do)
    columns = describe_columns(table)
    _show(columns, len(table))
    guess = guess_roles(columns)
    try:
        out = to.parent / "results"
        given = _taken(guess, table) | {"out": out} if yes else _asked(guess, table, out)
    except typer.Abort:  # Ctrl-C, or the end of the input
        typer.echo("\nStopped. Nothing was written.", err=True)
        raise typer.Exit(STOPPED) from None
    plan = StudyPlan(file=file, **given)
    write_whole(to, plan_text(plan, to))
    read_plan(to)
    then = shlex.join(["iapt-topics", "run", str(to)])
    typer.echo(f"Written: {to}\nCheck it, correct it if need be, then run: {then}")


def _show(columns: Sequence[Column], rows: int) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=f"{rows:,} rows", title_justify="left")
    for name in ("column", "filled", "distinct", "mean words", "looks like"):
        shown.add_column(name, justify="left" if name in ("column", "looks like") else "right")
    for c in columns:
        # Names are text of the file: no markup of theirs is followed.
        cells = (c.name, f"{c.filled:,}", f"{c.different:,}", f"{c.words:.1f}", c.looks)
        shown.add_row(*(Text(v) for v in cells))
    Console(stderr=True).print(shown)


def _taken(guess: Guess, table: pd.DataFrame) -> dict[str, Any]:
    """The guesses, printed one by one."""
    for name in ("text", "year"):
        if not getattr(guess, name):
            do = f"Run init without --yes, or name the column in a {PLAN}."
            raise InputError(f"the column of the {name}", "must be recognisable", "none", do)
    given = {name: getattr(guess, name) for name in guess.__slots__ if getattr(guess, name)}
    given["waves"] = _waves_in(table, given["year"])
    for name, value in given.items():
        if value:
            typer.echo(f"{name}: {value if isinstance(value, str) else ', '.join(value)}", err=True)
    return given


def _asked(guess: Guess, table: pd.DataFrame, out: Path) -> dict[str, Any]:
    """The answers to the questions, with the guesses as defaults."""
    names = list(table.columns)

    def columns(answer: str) -> tuple[str, ...]:
        parts = [answer] if answer in names else [p.strip() for p in answer.split(",")]
        for part in parts:
            if part not in names:
                raise ValueError(f"No column {part!r}. {suggestion(part, names)}")
        return tuple(dict.fromkeys(parts))

    def column(answer: str) -> str:
        found = columns(answer)
        if len(found) > 1:
            raise ValueError("Name one column.")
        return found[0]

    typer.echo(f"Press Enter to accept the value in brackets; {_NONE} means none.", err=True)
    given: dict[str, Any] = {
        "text": _ask(
            "Column of the free-text response (commas between several)", guess.text, columns
        ),
        "year": _ask("Column of the survey year or wave", guess.year, column),
    }
    if waves := _waves_in(table, given["year"]):
        given["waves"] = _ask("Waves in order", waves, _order_reader(waves))
    given["respondent"] = _ask_or_none("Column of the respondent id", guess.respondent, column)
    given["response"] = _ask_or_none("Column of the response id", guess.response, column)
    if len(given["text"]) == 1:
        given["question"] = _ask_or_none("Column of the question", guess.question, column)
    carried = _ask_or_none("Covariate columns, e.g. role", guess.covariates, columns)
    given["covariates"] = carried or ()
    if carried:
        fixed = _ask_or_none("Columns to adjust for, e.g. role", None, columns)
        given["standardise"] = fixed or ()
    given["codes"] = _ask_or_none("File of human codes", None, _file)
    given["frame"] = _ask(
        "Your codebook (the bundled one suits NHS talking-therapy staff only)",
        DEFAULT_FRAME,
        _frame,
    )
    given["disclosure"] = _ask("Fewest respondents behind a published figure", "10", _rule)
    given["out"] = _ask("Folder for the results", str(out), Path)
    return {name: value for name, value in given.items() if value is not None}


def _ask(question: str, default: str | Sequence[str] | None, read: Callable[[str], T]) -> T:
    """Ask until the answer can be used."""
    default = default if isinstance(default, str) else ", ".join(default or ()) or None
    while True:
        answer = typer.prompt(question, default=default, err=True)
        try:
            return read(answer.strip())
        except ValueError as error:
            typer.echo(f"  {error}", err=True)


def _ask_or_none(
    question: str, default: str | Sequence[str] | None, read: Callable[[str], T]
) -> T | None:
    return _ask(question, default or _NONE, lambda a: None if a == _NONE else read(a))


def _waves_in(table: pd.DataFrame, column: str) -> tuple[str, ...]:
    """Labels of the waves, in the order of the file, if the column does not hold years."""
    from iapt_topics.survey.waves import read_years

    cells = [v.strip() for v in table[column] if v.strip()]
    try:
        read_years(cells, column)
    except InputError:
        return tuple(dict.fromkeys(cells))
    return ()


def _order_reader(waves: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def read(answer: str) -> tuple[str, ...]:
        parts = tuple(p.strip() for p in answer.split(","))
        if sorted(parts) != sorted(waves):
            raise ValueError(f"Name each of {listed(waves, 20)} once, in order.")
        return parts

    return read


def _file(answer: str) -> Path:
    if not Path(answer).exists():
        raise ValueError(f"No such file: {Path(answer).resolve()}")
    return Path(answer)


def _frame(answer: str) -> str | Path:
    from iapt_topics.frame.load import load_frame

    frame = parse_frame(answer)
    load_frame(frame)
    return frame


def _rule(answer: str) -> int | str:
    from iapt_topics.publish.disclosure import parse_rule

    cell = parse_disclosure(answer)
    parse_rule(cell)
    return cell
