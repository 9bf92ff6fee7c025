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
from iapt_topics.pipeline.plan import PLAN, StudyPlan, parse_frame, plan_text, read_plan

if TYPE_CHECKING:
    import pandas as pd

    from iapt_topics.cli._columns import Column, Guess
    from iapt_topics.survey.responses import Responses

_NONE = "-"
_MOST_WAVES = 60
#: Of fewer answers in a wave, people can know each other, and the strict rule is proposed.
_SMALL_WAVE = 100
_HARM = (
    "Could readers recognise who is among a few respondents with a theme, as in one team or a "
    "small service? (yes: strict rule, no: default; or a number, or the name of a rule)"
)
_SUITS = "iapt_identity_system is bundled and suits NHS talking-therapy staff only"
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
        bool,
        typer.Option("--yes", "-y", help="Take what is certain, and stop at what must be asked."),
    ] = False,
    frame: Annotated[
        str | None,
        typer.Option(
            help="Your codebook: a file, or the name of a bundled one.", show_default=False
        ),
    ] = None,
    codes: Annotated[
        Path | None, typer.Option(help="Human codes of some responses.", show_default=False)
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Ask about a survey file and write its study.toml, which 'run' then accepts.

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
    if table.empty:
        rule = "must have at least one row of data"
        raise InputError(f"survey {file.name!r}", rule, "none", "Check the file.")
    table = table[(table != "").any(axis=1)]
    columns = describe_columns(table)
    _show(columns, len(table))
    guess = guess_roles(columns)
    known = {} if frame is None else {"frame": _frame(frame)}
    if codes is not None:
        known["codes"] = _file(str(codes))
    try:
        out = to.parent / "results"
        if yes:
            given = {**_taken(guess, table), **known, "out": out}
            _require_frame(given)
            _tried(file, given, told={str(n) for n in notes})
        else:
            given = _asked(file, guess, table, out, known, {str(n) for n in notes})
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
    for name in ("", "column", "filled", "distinct", "mean words", "looks like"):
        shown.add_column(name, justify="left" if name in ("column", "looks like") else "right")
    for i, c in enumerate(columns, start=1):
        # Names are text of the file: no markup of theirs is followed.
        cells = (str(i), c.name, f"{c.filled:,}", f"{c.different:,}", f"{c.words:.1f}", c.looks)
        shown.add_row(*(Text(v) for v in cells))
    Console(stderr=True).print(shown)


def _taken(guess: Guess, table: pd.DataFrame) -> dict[str, Any]:
    """The guesses that are certain, printed one by one; InputError at the first that is not."""
    for name in ("text", "year", "respondent"):
        if candidates := guess.others.get(name, ()):
            raise InputError(
                f"the column of the {name}", "must be certain to be taken with --yes",
                "; or ".join(c.evidence for c in candidates[:3]),
                "Run init without --yes, which asks.",
            )  # fmt: skip
        if name != "respondent" and not getattr(guess, name):
            do = f"Run init without --yes, or name the column in a {PLAN}."
            raise InputError(f"the column of the {name}", "must be recognisable", "none", do)
    names = ("text", "year", "respondent", "response", "question", "covariates")
    given = {name: getattr(guess, name) for name in names if getattr(guess, name)}
    given["waves"] = _waves_in(table, given["year"])
    for name, value in given.items():
        if value:
            typer.echo(f"{name}: {value if isinstance(value, str) else ', '.join(value)}", err=True)
    return given


def _require_frame(given: dict[str, Any]) -> None:
    if not given.keys() & {"frame", "codes"}:
        raise InputError(
            "the codebook", "must be named with --yes", "none",
            f"Give --frame, a file or a name ({_SUITS}), or --codes, whose labels are then the "
            "themes.",
        )  # fmt: skip


def _tried(file: Path, given: dict[str, Any], told: set[str]) -> Responses:
    """Load the survey, and the codes if there are any, as a run will; say what was found."""
    from iapt_topics._base.events import Event
    from iapt_topics.pipeline.execute_plan import load_survey
    from iapt_topics.pipeline.people import read_people

    def say(event: Event) -> None:
        if event.kind == "note" and event.text not in told:
            told.add(event.text)
            typer.echo(str(event), err=True)

    plan = StudyPlan(file=file, **given)
    responses = load_survey(plan, say)
    if plan.codes is not None or plan.frame is not None:
        read_people(plan.codes, plan.frame, responses, plan.code_map, say)
    return responses


def _asked(
    file: Path,
    guess: Guess,
    table: pd.DataFrame,
    out: Path,
    known: dict[str, Any],
    told: set[str],
) -> dict[str, Any]:
    """The answers to the questions, with the guesses as defaults; asked again if a run refused."""
    typer.echo(
        f"Press Enter to accept the value in brackets; {_NONE} means none. A column is named by "
        "its name or its number.",
        err=True,
    )
    while True:
        given = _columns_asked(guess, table)
        try:
            _tried(file, given, told)
            break
        except InputError as error:
            typer.echo(f"  {error}\n  Once more:", err=True)
    while True:
        more = dict(known)
        if "codes" not in known:
            more["codes"] = _ask_or_none("File of human codes", None, _file)
        if "frame" not in known:
            question = f"Your codebook: a file, or a name ({_SUITS})"
            if more["codes"] is not None:
                question += f"; {_NONE} takes the labels of the codes"
                more["frame"] = _ask(question, None, lambda a: None if a == _NONE else _frame(a))
            else:
                more["frame"] = _ask(question, None, _frame)
        try:
            _tried(file, given | {k: v for k, v in more.items() if v is not None}, told)
            break
        except InputError as error:
            typer.echo(f"  {error}\n  Once more:", err=True)
            known = {}
    given |= more
    sizes = table[given["year"]].value_counts()
    proposed = "yes" if int(sizes.min()) < _SMALL_WAVE else "no"
    given["disclosure"] = _ask(_HARM, proposed, _rule)
    given["out"] = out
    return {name: value for name, value in given.items() if value is not None}


def _columns_asked(guess: Guess, table: pd.DataFrame) -> dict[str, Any]:
    """Which column is what."""
    names = list(table.columns)

    def columns(answer: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_split_names(answer, names)))

    def column(answer: str) -> str:
        found = columns(answer)
        if len(found) > 1:
            raise ValueError("Name one column.")
        return found[0]

    def evidence(role: str) -> None:
        for i, candidate in enumerate(guess.others.get(role, ())[:3]):
            typer.echo(f"  {'likeliest' if i == 0 else 'or'}: {candidate.evidence}", err=True)

    evidence("text")
    given: dict[str, Any] = {
        "text": _ask(
            "Column of the free-text response (commas between several)", guess.text, columns
        )
    }
    evidence("year")
    given["year"] = _ask("Column of the survey year or wave", guess.year, column)
    if waves := _waves_in(table, given["year"]):
        given["waves"] = _ask("Waves in order", waves, _order_reader(waves))
    evidence("respondent")
    given["respondent"] = _ask_or_none("Column of the respondent id", guess.respondent, column)
    # What no column looks like is not asked for: study.toml has a line for it.
    if guess.response:
        given["response"] = _ask_or_none("Column of the response id", guess.response, column)
    if len(given["text"]) == 1 and guess.question:
        given["question"] = _ask_or_none("Column of the question", guess.question, column)
    carried = None
    if guess.covariates:
        carried = _ask_or_none("Covariate columns, e.g. role", guess.covariates, columns)
    given["covariates"] = carried or ()
    if carried:
        fixed = _ask_or_none("Columns to adjust for, e.g. role", None, columns)
        given["standardise"] = fixed or ()
    return {name: value for name, value in given.items() if value is not None}


def _split_names(answer: str, names: Sequence[str]) -> list[str]:
    """Names of columns with commas between, which can be in names too; a number stands for one.

    Raises
    ------
    ValueError
        If a part is no column.
    """
    rest = " ".join(answer.split())
    found: list[str] = []
    by_length = sorted(names, key=len, reverse=True)
    while rest:
        name = next((n for n in by_length if rest == n or rest.startswith(f"{n},")), None)
        part = rest.split(",", 1)[0].strip()
        if name is None and part.isdecimal() and 1 <= int(part) <= len(names):
            name, used = names[int(part) - 1], part
        elif name is None:
            raise ValueError(f"No column {part!r}. {suggestion(part, names)}")
        else:
            used = name
        found.append(name)
        rest = rest[len(used) :].lstrip(" ,")
    if not found:
        raise ValueError("Name a column.")
    return found


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
    """Labels of the waves in their likeliest order, if the column does not hold years."""
    from iapt_topics.survey.dates import order_waves
    from iapt_topics.survey.waves import read_years

    cells = [v.strip() for v in table[column] if v.strip()]
    try:
        read_years(cells, column)
    except InputError:
        distinct = tuple(dict.fromkeys(cells))
        return order_waves(distinct) if len(distinct) <= _MOST_WAVES else ()
    return ()


def _order_reader(waves: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def read(answer: str) -> tuple[str, ...]:
        parts = tuple(_split_names(answer, waves))
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

    cell = parse_disclosure({"yes": "strict", "no": "default"}.get(answer.casefold(), answer))
    parse_rule(cell)
    return cell
