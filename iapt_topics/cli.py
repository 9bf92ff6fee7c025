"""The command line, ``iapt-topics``; the only place that prints."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iapt_topics._checks import InputError
from iapt_topics._files import claimed, write_whole

if TYPE_CHECKING:
    from iapt_topics.codes import Codes
    from iapt_topics.frame import ThemeFrame
    from iapt_topics.responses import Responses

DEFAULT_FRAME = "iapt_identity_system"

app = typer.Typer(
    help="Machine themes beside human themes in free-text surveys, and what changed over years.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Out = Annotated[Path, typer.Option(help="Folder for the report and its tables.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Runs = Annotated[int, typer.Option(help="Clustering runs that the topics are a consensus of.")]
MinCell = Annotated[
    int, typer.Option(help="The report hides results that rest on fewer respondents than this.")
]


@app.command()
def demo(
    out: Out = Path("demo_report"), seed: Seed = 7, runs: Runs = 12, min_cell: MinCell = 10
) -> None:
    """Run the main job on the bundled SYNTHETIC survey of 1,543 responses."""
    from iapt_topics.datasets import load_example
    from iapt_topics.frame import load_frame

    responses, first = load_example(coder="coder_a")
    _, second = load_example(coder="coder_b")
    frame = load_frame(DEFAULT_FRAME)
    _go(responses, frame, (first, second), None, out, seed, runs, min_cell, None)


@app.command()
def run(
    file: Annotated[
        Path, typer.Argument(help="The survey: .csv, .tsv, .xlsx, .parquet, .sav or .dta.")
    ],
    text: Annotated[
        list[str],
        typer.Option(help="Column of the free-text answer; again for each further question."),
    ],
    year: Annotated[str, typer.Option(help="Column of the survey year or wave.")],
    out: Out,
    respondent: Annotated[
        str | None, typer.Option(help="Column that says who answered; without it, all differ.")
    ] = None,
    response: Annotated[
        str | None, typer.Option(help="Column of the response's own id; needed to join codes.")
    ] = None,
    question: Annotated[str | None, typer.Option(help="Column of the question asked.")] = None,
    covariate: Annotated[
        list[str] | None, typer.Option(help="Column to carry along; may be given again.")
    ] = None,
    weight: Annotated[str | None, typer.Option(help="Column of a survey weight.")] = None,
    wave: Annotated[
        list[str] | None, typer.Option(help="Label of a wave; again for each, in their order.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Leave out responses in another language than this, as 'en'.")
    ] = None,
    non_answers: Annotated[
        Path | None, typer.Option(help="Rules of your own for non-answers, .toml.")
    ] = None,
    deny: Annotated[
        Path | None, typer.Option(help="Terms to redact, .csv or .xlsx: columns kind and term.")
    ] = None,
    redact_text: Annotated[
        bool, typer.Option("--redact-text", help="Analyse the redacted text, not the original.")
    ] = False,
    codes: Annotated[
        Path | None,
        typer.Option(
            help="Human codes: .csv or .xlsx (a row for each theme given, or 0/1 columns, or "
            "Taguette's highlights), .qdpx, or QualCoder's .qda."
        ),
    ] = None,
    code_map: Annotated[
        Path | None,
        typer.Option(help="Table of code and theme, for codes that the frame names otherwise."),
    ] = None,
    frame: Annotated[
        str, typer.Option(help="Name of a bundled frame, or a .toml, .csv or .xlsx of your own.")
    ] = DEFAULT_FRAME,
    baseline: Annotated[
        int | None, typer.Option(help="Year to compare with; the first by default.")
    ] = None,
    seed: Seed = 7,
    runs: Runs = 12,
    min_cell: MinCell = 10,
    quotes: Annotated[
        bool, typer.Option("--quotes", help="Print redacted quotes in the report: read them first.")
    ] = False,
) -> None:
    """Run the main job on a survey file."""
    from iapt_topics.code_files import coders_in, load_codes
    from iapt_topics.frame import load_frame
    from iapt_topics.qda import is_project, load_project
    from iapt_topics.redaction import count_redactions, redact_responses
    from iapt_topics.responses import load_responses

    responses = load_responses(
        file,
        text=text[0] if len(text) == 1 else text,
        year=year,
        respondent_id=respondent,
        response_id=response,
        question=question,
        covariates=covariate or (),
        weight=weight,
        waves=wave or (),
        language=language,
        non_answers=non_answers,
    )
    for note in responses.notes:
        typer.echo(f"Note: {note}", err=True)
    # The log stays in the process: it would undo what is redacted.
    responses, log = redact_responses(responses, deny=deny, replace_text=redact_text)
    themes = load_frame(frame)
    human: tuple[Codes, ...] = ()
    if codes is not None:
        source = load_project(codes, responses=responses) if is_project(codes) else codes
        for note in getattr(source, "notes", ()):
            typer.echo(f"{codes.name}: {note}.", err=True)
        every = (
            load_codes(source, frame=themes, coder=name, responses=responses, themes=code_map)
            for name in coders_in(source) or ("human",)
        )
        people = (c for c in every if c.kind == "human")
        human = tuple(islice(people, 2))
        if (others := len(list(people))) > 0:
            names = " and ".join(c.coder for c in human)
            typer.echo(f"{others + 2} coders found; compared: {names}.", err=True)
    _go(responses, themes, human, baseline, out, seed, runs, min_cell, quotes)
    counts = count_redactions(log).to_csv(index=False)
    write_whole(out / "tables" / "redactions.csv", counts, encoding="utf-8-sig")


@app.command()
def frame(
    out: Annotated[Path, typer.Argument(help="The file to write: .toml, .csv or .xlsx.")],
    source: Annotated[
        str, typer.Option("--from", help="Name of a bundled frame, or a frame file to check.")
    ] = "template",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a theme frame to edit: the template, a bundled frame, or your own in another format."""
    from iapt_topics.frame import load_frame, write_frame

    if out.exists() and not force:
        raise InputError(f"{str(out)!r}", "must not exist", "a file", "Use --force to replace it.")
    themes = load_frame(source)
    typer.echo(f"{len(themes.codable)} codable themes: {write_frame(themes, out).resolve()}")


@app.command()
def encoders(
    file: Annotated[Path, typer.Argument(help="The survey.")],
    text: Annotated[str, typer.Option(help="Column of the free-text answer.")],
    year: Annotated[str, typer.Option(help="Column of the survey year.")],
    codes: Annotated[Path, typer.Option(help="What a person gave to some of the responses.")],
    model: Annotated[
        list[str],
        typer.Option(help="A model's folder, or all-mpnet-base-v2; give it once for each."),
    ],
    respondent: Annotated[str | None, typer.Option(help="Column that says who answered.")] = None,
    response: Annotated[str | None, typer.Option(help="Column of the response's own id.")] = None,
    frame: Annotated[str, typer.Option(help="Name of a bundled frame, or a file.")] = DEFAULT_FRAME,
) -> None:
    """Compare sentence models with the default one on your own hand-coded sample."""
    from iapt_topics.code_files import coders_in, load_codes
    from iapt_topics.embeddings import sentence_encoder
    from iapt_topics.encoder_comparison import compare_encoders
    from iapt_topics.frame import load_frame
    from iapt_topics.responses import load_responses

    responses = load_responses(
        file, text=text, year=year, respondent_id=respondent, response_id=response
    )
    themes = load_frame(frame)
    hand = load_codes(codes, frame=themes, coder=(coders_in(codes) or ("human",))[0])
    # Nothing is kept: the vectors of a survey belong beside its results alone.
    models = [sentence_encoder(name, cache=None) for name in (None, *model)]
    table = compare_encoders(responses, themes, hand, models)
    for row in table.to_dict("records"):
        typer.echo(
            f"{row['encoder']}: {row['measure']} {row['estimate']:.2f} "
            f"({row['low']:.2f} to {row['high']:.2f}), gain {row['gain']:+.2f} "
            f"({row['gain_low']:+.2f} to {row['gain_high']:+.2f}), n {row['n']}, "
            f"{row['n_themes']} themes, {row['seconds']:.0f} s for 1,000 responses"
        )


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="Folder of a result.")],
    other: Annotated[
        Path | None, typer.Argument(help="Another; without it, the first is made anew to compare.")
    ] = None,
) -> None:
    """Say whether two results are the same, equivalent or different, and what differs first."""
    from tempfile import TemporaryDirectory

    import pandas as pd

    from iapt_topics.manifest import compare_runs, read_manifest

    command = read_manifest(folder)["command"]
    if other is None and not (command and command[0] in ("demo", "run")):
        got, do = "none that makes a result", "Name a second folder to compare with."
        raise InputError(f"the result in {str(folder)!r}", "must say its command", got, do)
    # Beside the result, since what it holds is as sensitive.
    with TemporaryDirectory(prefix=".verify", dir=folder.resolve().parent) as scratch:
        if other is None:
            other = Path(scratch)
            app([*command, "--out", str(other)], standalone_mode=False)  # the last --out counts
        found = compare_runs(folder, other)
    for row in found.table.to_dict("records"):
        value = "" if pd.isna(row["value"]) else f" {row['value']:.4g} (limit {row['limit']:g})"
        note = f"; {row['note']}" if row["note"] else ""
        differs = "" if row["within"] else ": differs"
        typer.echo(f"{row['what']}, {row['measure']}{value}{differs}{note}")
    typer.echo(f"{found.verdict}{f'; first {found.first}' if found.first else ''}")
    if found.verdict == "different":
        raise SystemExit(1)


def _go(
    responses: Responses,
    frame: ThemeFrame,
    human: tuple[Codes, ...],
    baseline: int | None,
    out: Path,
    seed: int,
    runs: int,
    min_cell: int,
    quotes: bool | None,
) -> None:
    from iapt_topics.embeddings import sentence_encoder
    from iapt_topics.report import require_min_cell
    from iapt_topics.study import run_study, write_study
    from iapt_topics.topics import TopicConfig

    config = TopicConfig(seed=seed, n_runs=runs)
    require_min_cell(min_cell)
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {str(out)!r}", "must be a folder", "a file", "Name another.")
    with claimed(out):
        # Vectors of sensitive text stay beside the results, not in the user's home folder.
        encoder = sentence_encoder(cache=out / "cache", progress=sys.stderr.isatty())
        study = run_study(
            responses,
            frame,
            encoder,
            human=human,
            config=config,
            baseline=baseline,
            tell=lambda stage: typer.echo(f"{stage} ...", err=True),
        )
        written = write_study(study, out, min_cell=min_cell, quotes=quotes, command=sys.argv[1:])
    for line in summary(study):
        typer.echo(line)
    typer.echo(f"Tables: {written['ledger'].parent.resolve()}")
    typer.echo(f"Report: {written['report'].resolve()}")


def summary(study: Any) -> list[str]:
    """Say the main results in a few lines.

    Parameters
    ----------
    study : Study

    Returns
    -------
    list of str
    """
    responses, topics, drift = study.responses, study.topics, study.drift
    years = responses.years
    unassigned = (topics.assignments["topic"] < 0).mean()
    lines = ["SYNTHETIC example data, made for this project."] if responses.synthetic else []
    lines += [
        f"{len(responses)} of {len(responses.table)} rows are codable responses, "
        f"{years[0]} to {years[-1]}.",
        f"{topics.n_topics} topics from a consensus of {len(topics.runs)} runs; "
        f"{unassigned:.0%} of responses unassigned; {_abstained(study)} topics fit no theme.",
    ]
    for name, comparison in (("Two people", study.ceiling), ("Machine", study.comparison)):
        if comparison is not None:
            row = comparison.overall.set_index("measure").loc["f1_macro"]
            lines.append(
                f"{name} against {comparison.reference}: macro-F1 {row['estimate']:.2f} "
                f"({row['low']:.2f} to {row['high']:.2f}), n {row['n']:.0f}."
            )
    last = drift.changes[
        (drift.changes["kind"] == "baseline") & (drift.changes["year"] == years[-1])
    ]
    seen = last[last["p_bh"] < 0.05].sort_values("estimate", ascending=False)
    trend = drift.trends[(drift.trends["test"] == "linear") & (drift.trends["p_bh"] < 0.05)]
    lines.append(
        f"{len(seen)} of {len(drift.themes)} themes changed from {drift.baseline} to {years[-1]} "
        "(5 %, Benjamini-Hochberg)" + (":" if len(seen) else ".")
    )
    for row in seen.itertuples():
        label = study.mapping.frame[row.theme].label
        lines.append(
            f"  {row.theme} {label}: {100 * row.estimate:+.0f} points "
            f"({100 * row.low:+.0f} to {100 * row.high:+.0f})"
        )
    if len(trend):
        lines.append(f"Steady rise or fall over all years (slope): {', '.join(trend['theme'])}.")
    return lines


def _abstained(study: Any) -> int:
    return int((study.mapping.table["theme"] == "").sum())


def main() -> None:
    """Run the command line; bad input is one line on stderr and exit code 2."""
    try:
        app()
    except InputError as error:
        typer.echo(f"Error: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:  # a full disk, a folder without write permission
        typer.echo(f"Error: {error}. Check the folder given with --out.", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
