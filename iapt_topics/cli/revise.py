"""Commands on a result that is there: its plan is changed in one part and carried out again.

What is unchanged is taken from the stages kept in the folder, so each is quick; the folder then
holds the changed plan and its results.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.events import Event
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.cli.make import (
    DisclosureRule,
    Standardise,
    drop_unset,
    make_encoder,
    make_results,
    make_study,
    option,
    parse_disclosure,
    require_new,
    working,
)
from iapt_topics.pipeline.plan import read_plan

if TYPE_CHECKING:
    from iapt_topics.study.study import Study

Place = Annotated[Path, typer.Argument(help="A results folder, or its study.toml.")]


def _again(place: Path, screen: Screen, **options: object) -> tuple[Study, dict[str, Path]]:
    """Carry the plan out again, with the options that were given in place of its own."""
    return make_results(replace(read_plan(place), **drop_unset(**options)), screen)


def compare(
    place: Place,
    codes: Annotated[Path, option("codes")],
    code_map: Annotated[Path | None, option("code_map")] = None,
    documents: Annotated[Path | None, option("documents")] = None,
    unlisted: Annotated[str | None, option("unlisted")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare machine codes with human codes; the report then shows their agreement."""
    from iapt_topics.cli._summary import agreement_lines, summarise

    screen = Screen(quiet=quiet, as_json=as_json)
    facts = summarise(
        _again(
            place, screen, codes=codes, code_map=code_map, documents=documents, unlisted=unlisted
        )[0]
    )
    screen.give(facts, agreement_lines(facts, themes=True))


def drift(
    place: Place,
    baseline: Annotated[int | None, option("baseline")] = None,
    standardise: Standardise = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Estimate change against another year, or at a fixed respondent mix."""
    from iapt_topics.cli._summary import change_lines, summarise

    screen = Screen(quiet=quiet, as_json=as_json)
    held = standardise and tuple(standardise)
    facts = summarise(_again(place, screen, baseline=baseline, standardise=held)[0])
    screen.give(facts, change_lines(facts, every=True))


def learn(
    place: Place,
    codes: Annotated[
        Path | None,
        typer.Option(
            help="Human codes that teach; by default a part of those that the study has.",
            show_default=False,
        ),
    ] = None,
    share: Annotated[
        float | None,
        typer.Option(
            help="Part of the respondents of the study's codes whose codes teach; the others "
            "measure. By default 0.5, or none where --codes has others.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Let the machine learn from human codes, and say how much better it codes for it.

    It is measured on codes of respondents who taught it nothing.
    """
    from iapt_topics.cli._summary import agreement_lines, gain_lines, summarise

    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    if codes is not None:
        require_file(codes, "codes")
    own = plan.codes
    if own is None and codes is None:
        do = "Give --codes FILE, or draw a sample to code: iapt-topics sample RESULTS."
        raise InputError("the study", "must have human codes to learn from", "none", do)
    other = own is not None and codes is not None and own.resolve() != codes.resolve()
    plan = replace(
        plan,
        codes=own or codes,
        learn_codes=codes.resolve() if other and codes is not None else None,
        learn_share=share if share is not None else 0.0 if other else 0.5,
    )
    study, written = make_results(plan, screen)
    facts = summarise(study)
    learned = study.manifest["learned"]
    lines = [*gain_lines(learned), *agreement_lines(facts)]
    lines.append(f"Private report, for you alone: {written['private_report'].resolve()}")
    screen.give(facts | {"learned": learned}, lines)


def withdraw(
    place: Place,
    respondent: Annotated[
        list[str],
        typer.Option(help="Id of a respondent, as in the survey; may be repeated."),
    ],
    rows_removed: Annotated[
        bool,
        typer.Option("--rows-removed", help="The rows are no longer in the survey's file."),
    ] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Remove a respondent from results and cache, and run the study without them.

    Later runs in the folder leave them out too. The survey file is yours: nothing is written to it.
    """
    from iapt_topics.cli._summary import withdrawal_lines
    from iapt_topics.pipeline.withdrawal import withdraw as remove

    after = "Those who withdrew are removed, or none is; until it is run again results are missing."
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json, after_stop=after)
    with working(plan, screen):
        encoder = make_encoder(plan, screen)
        found = remove(
            plan, respondent, encoder, rows_removed=rows_removed, on_event=screen.on_event
        )
    facts = {
        "respondents": found.respondents,
        "rows": found.rows,
        "tables": found.tables.to_dict("records") if found.compared else None,
        "removed": list(found.removed),
        "left": list(found.left),
        "yours": [str(p) for p in found.yours],
    }
    screen.give(facts, withdrawal_lines(found))


def report(
    place: Place,
    disclosure: DisclosureRule = None,
    quotes: Annotated[bool | None, option("quotes", "--quotes/--no-quotes")] = None,
    approved: Annotated[Path | None, option("approved")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write both reports again, the public one with other quotes or another disclosure rule."""
    screen = Screen(quiet=quiet, as_json=as_json)
    rule = disclosure and parse_disclosure(disclosure)
    _, written = _again(place, screen, disclosure=rule, quotes=quotes, approved=approved)
    report, exact = (str(written[name].resolve()) for name in ("report", "private_report"))
    facts = {"report": report, "private report": exact}
    screen.give(facts, [f"Private report, for you alone: {exact}", f"Public report: {report}"])


def export(
    place: Place,
    tables: Annotated[
        Path | None,
        typer.Option(help="Tables to publish: .xlsx, .tex, .docx, or a folder for CSV files."),
    ] = None,
    draft: Annotated[
        Path | None, typer.Option(help="A draft of methods and results, .docx.")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="A folder for the figures, as SVG, PDF and PNG.")
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(
            help="A project for NVivo, ATLAS.ti, MAXQDA and QualCoder, .qdpx: WITH RESPONSES."
        ),
    ] = None,
    approve: Annotated[
        Path | None,
        typer.Option(
            help="A sheet on which a person approves quotes, .csv or .xlsx: WITH RESPONSES."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Export tables, figures, a draft (small numbers suppressed), or a project for other tools.

    A completed sheet of quotes goes to 'iapt-topics report --approved'.
    """
    from iapt_topics.pipeline.publications import noise_secret
    from iapt_topics.pipeline.write import write_figures
    from iapt_topics.publish.disclosure import parse_rule
    from iapt_topics.publish.exports import write_tables
    from iapt_topics.publish.published import publish
    from iapt_topics.publish.quotes_sheet import write_quotes
    from iapt_topics.qda.export import write_codes
    from iapt_topics.report.draft import write_draft
    from iapt_topics.report.key_results import write_results_workbook

    to = drop_unset(tables=tables, draft=draft, figures=figures, project=project, approve=approve)
    if not to:
        do = "Give --tables, --draft, --figures, --project or --approve."
        raise InputError("export", "must have something to write", "nothing", do)
    for path in to.values():
        if not path.is_dir():  # tables and figures go into a folder that is there
            require_new(path, force)
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    with working(plan, screen):
        study = make_study(plan, screen)
        screen.on_event(Event("stage", "Writing"))
        if tables or draft or figures:
            secret = noise_secret(plan.out, parse_rule(plan.disclosure))
            published = publish(study, plan.disclosure, secret=secret)
        if tables:
            excel = tables.suffix.casefold() == ".xlsx"
            (write_results_workbook if excel else write_tables)(tables, published)
        if draft:
            write_draft(draft, published)
        if figures:
            write_figures(figures, published)
        if project:
            write_codes(
                project, [study.codes, *study.human], frame=study.mapping.frame,
                responses=study.responses, model=study.manifest["model"]["name"],
            )  # fmt: skip
        if approve:
            write_quotes(approve, study, disclosure=plan.disclosure)
    files = {name: str(path.resolve()) for name, path in to.items()}
    screen.give(files, [f"{name.capitalize()}: {path}" for name, path in files.items()])
