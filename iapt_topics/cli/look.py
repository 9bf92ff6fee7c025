"""Commands on a frame, on sentence models, and on results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from iapt_topics._base.errors import InputError
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.cli.make import make_results, make_study, require_new, working
from iapt_topics.pipeline.plan import PLAN, read_plan


def frame(
    out: Annotated[
        Path | None,
        typer.Argument(help="The file to write: .toml, .csv or .xlsx.", show_default=False),
    ] = None,
    source: Annotated[
        str, typer.Option("--from", help="Name of a bundled frame, or a frame file.")
    ] = "template",
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    check: Annotated[
        str | None,
        typer.Option(
            help="A frame file to check instead: faults, themes without examples, pairs that the "
            "sentence model cannot separate.",
            show_default=False,
        ),
    ] = None,
    survey: Annotated[
        Path | None,
        typer.Option(
            help="With --check: a survey; how much of it the frame reaches.", show_default=False
        ),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(help="Column of the survey's free text; may be repeated.", show_default=False),
    ] = None,
) -> None:
    """Write a theme frame to edit, or check one: the template, a bundled frame, or your own."""
    from iapt_topics.frame.load import load_frame, write_frame

    if check is not None:
        _check(check, survey, text or [])
        return
    if out is None:
        do = "Give a file, such as my_frame.xlsx, or --check."
        raise InputError("frame", "must have a file to write or to check", "neither", do)
    require_new(out, force)
    themes = load_frame(source)
    typer.echo(f"{len(themes.codable)} codable themes: {write_frame(out, themes).resolve()}")


def _check(source: str, survey: Path | None, columns: list[str]) -> None:
    """Print what is to be mended in a frame; faults of form are one error that names them all."""
    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.frame.load import load_frame
    from iapt_topics.mapping.distinctness import indistinct_themes
    from iapt_topics.mapping.reach import measure_reach

    if (survey is None) != (not columns):
        do = "Name the survey and its column: --survey FILE --text COLUMN."
        raise InputError("--survey and --text", "must come together", "one of them", do)
    themes = load_frame(source)
    typer.echo(f"{len(themes.codable)} codable themes of {len(themes.themes)}; no faults of form.")
    for name in ("definition", "examples"):
        bare = [t.id for t in themes.codable if not getattr(t, name)]
        if bare:
            what = "a definition" if name == "definition" else "examples"
            typer.echo(f"{len(bare)} themes without {what}: {', '.join(bare)}.")
    texts = [] if survey is None else _texts(survey, columns)
    encoder = sentence_encoder(cache=None)  # nothing is kept: these may be a survey's texts
    pairs = indistinct_themes(themes, encoder)
    for row in pairs.to_dict("records"):
        typer.echo(
            f"{row['theme']} and {row['other']} are hard to tell apart: {row['note']}; the nearest "
            f"texts are {row['anchor']!r} and {row['other_anchor']!r}."
        )
    if pairs.empty:
        typer.echo("The sentence model tells all themes apart.")
    if texts:
        reach = str(measure_reach(encoder.encode(texts), themes, encoder))
        typer.echo(f"{reach[0].upper()}{reach[1:]}.")


def _texts(survey: Path, columns: list[str]) -> list[str]:
    """Texts of a survey that say something."""
    from iapt_topics.survey.columns import find_columns, read_survey
    from iapt_topics.survey.markup import plain_text
    from iapt_topics.survey.non_answers import matched_rule

    table, _, what, _ = read_survey(survey, False, columns)
    at = find_columns(table, columns, what)
    texts = [plain_text(v) for c in columns for v in table[at[c]]]
    texts = [v for v in texts if v.strip() and not matched_rule(v)]
    if not texts:
        raise InputError(what, "must hold texts", "none", "Check the column.")
    return texts


def encoders(
    file: Annotated[Path, typer.Argument(help="The survey.")],
    text: Annotated[str, typer.Option(help="Column of the free-text response.")],
    year: Annotated[str, typer.Option(help="Column of the survey year.")],
    codes: Annotated[Path, typer.Option(help="Human codes of some responses.")],
    model: Annotated[
        list[str],
        typer.Option(
            help="A model's folder, or a name such as all-mpnet-base-v2; may be repeated."
        ),
    ],
    frame: Annotated[str, typer.Option(help="Name of a bundled frame, or a file.")],
    respondent: Annotated[str | None, typer.Option(help="Column of the respondent id.")] = None,
    response: Annotated[str | None, typer.Option(help="Column of the response id.")] = None,
) -> None:
    """Compare sentence models with the default one on your own hand-coded sample."""
    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.frame.load import load_frame
    from iapt_topics.mapping.encoders import compare_encoders
    from iapt_topics.qda.load import coders_in, load_codes
    from iapt_topics.survey.responses import load_responses

    responses = load_responses(file, text=text, year=year, respondent=respondent, response=response)
    themes = load_frame(frame)
    human = load_codes(codes, frame=themes, coder=(coders_in(codes) or ("human",))[0])
    # Nothing is kept: the vectors of a survey belong beside its results alone.
    models = [sentence_encoder(name, cache=None) for name in (None, *model)]
    table = compare_encoders(responses, themes, human, models)
    for row in table.to_dict("records"):
        typer.echo(
            f"{row['encoder']}: {row['measure']} {row['estimate']:.2f} "
            f"(95 % CI {row['low']:.2f} to {row['high']:.2f}), gain {row['gain']:+.2f} "
            f"(95 % CI {row['gain_low']:+.2f} to {row['gain_high']:+.2f}), n = {row['n']}, "
            f"{row['n_themes']} themes, {row['seconds']:.0f} s per 1,000 responses"
        )


def certify(
    place: Annotated[Path, typer.Argument(help="A results folder, or its study.toml.")],
    precision: Annotated[float, typer.Option(help="Precision that a theme must reach.")] = 0.8,
    recall: Annotated[
        float | None, typer.Option(help="Recall that it must reach; by default none.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="Confidence of each verdict.")] = 0.9,
    together: Annotated[
        bool, typer.Option("--together", help="Hold the confidence for all themes together.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="A workbook of the verdicts, and of what to code next.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say which themes the machine may code alone, from a random hand-coded sample."""
    from iapt_topics.analysis.certification import certify as certify_study
    from iapt_topics.cli._summary import certificate_lines

    if out:
        require_new(out, force)
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    if not plan.codes:
        do = "Add them first: iapt-topics compare RESULTS --codes FILE."
        raise InputError("the study", "must have human codes", "none", do)
    with working(plan, screen):
        study = make_study(plan, screen)
    found = certify_study(
        study, precision=precision, recall=recall, confidence=confidence, together=together,
        record=plan.out,
    )  # fmt: skip
    if out:
        found.to_excel(out)
    rows = found.themes.to_dict("records")
    screen.give({"n": found.n, "looks": found.looks, "themes": rows}, certificate_lines(found))


def history(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    last: Annotated[
        int | None, typer.Option(help="Show the last runs alone.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the runs of a results folder, and what differed from one to the next.

    Settings, files (by their content), versions and the main figures are compared.
    """
    from iapt_topics.pipeline.history import differences, read_history

    runs = read_history(folder)
    told = list(zip(runs, differences(runs), strict=True))[-last if last else 0 :]
    lines = []
    for number, (run, apart) in enumerate(told, len(runs) - len(told) + 1):
        figures = "; ".join(f"{k} {v}" for k, v in run["figures"].items())
        lines += [f"{number}. {run['finished']}: {figures}"]
        lines += [f"   {_difference(row)}" for row in apart]
        if not apart and number > 1:
            lines.append("   nothing differs from the run before")
    facts = {"runs": [run | {"differs": apart} for run, apart in told]}
    Screen(as_json=as_json).give(facts, lines)


def _difference(row: dict[str, Any]) -> str:
    if row["part"] == "files":
        sides = (row["before"] is None, row["after"] is None)
        done = {(True, False): "added", (False, True): "removed"}.get(sides, "changed")
        return f"file of {row['what']} {done}"
    before, after = ("none" if row[side] is None else row[side] for side in ("before", "after"))
    return f"{row['what']}: {before} -> {after}"


def verify(
    folder: Annotated[Path, typer.Argument(help="A results folder.")],
    other: Annotated[
        Path | None,
        typer.Argument(
            help="Another results folder; by default the first is run again and compared."
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Check whether two results are the same, equivalent or different."""
    from contextlib import ExitStack

    import pandas as pd

    from iapt_topics._base.files import claimed, scratch_folder
    from iapt_topics.pipeline.manifest import compare_runs, read_manifest

    screen = Screen(quiet=quiet, as_json=as_json)
    read_manifest(folder)
    if other is None and not (folder / PLAN).is_file():
        got, do = "none", "Name a second results folder."
        raise InputError(f"the result in {str(folder)!r}", f"must have a {PLAN}", got, do)
    with ExitStack() as stack:
        if other is None:
            # In the result, since what it holds is as sensitive, and where the next run clears it.
            stack.enter_context(claimed(folder))
            other = stack.enter_context(scratch_folder(folder, "verify"))
            make_results(replace(read_plan(folder), out=other), screen)
        found = compare_runs(folder, other)
    rows = found.table.to_dict("records")
    lines = []
    for row in rows:
        value = "" if pd.isna(row["value"]) else f" {row['value']:.4g} (limit {row['limit']:g})"
        note = f"; {row['note']}" if row["note"] else ""
        differs = "" if row["within"] else ": differs"
        lines.append(f"{row['what']}, {row['measure']}{value}{differs}{note}")
    lines.append(f"{found.verdict}{f'; first {found.first}' if found.first else ''}")
    screen.give({"verdict": found.verdict, "first": found.first, "differs": rows}, lines)
    if found.verdict == "different":
        raise typer.Exit(1)
