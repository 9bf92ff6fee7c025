"""Commands that make a result: the example, and a study of one's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.events import Event
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.pipeline.plan import (
    DEFAULT_FRAME,
    StudyPlan,
    parse_frame,
    parse_model,
    read_plan,
)

if TYPE_CHECKING:
    from iapt_topics.encoders.encoder import Encoder
    from iapt_topics.study.study import Study

_ABOUT = {key.field: key.about for key in KEYS}


def option(field: str, *names: str, about: str = "") -> Any:
    """An option that sets an attribute of the plan; its help is the meaning of the key."""
    about = about or _ABOUT[field]
    return typer.Option(*names, help=f"{about[0].upper()}{about[1:]}.", show_default=False)


Out = Annotated[Path | None, option("out")]
Seed = Annotated[int | None, option("seed")]
Runs = Annotated[int | None, option("n_runs")]
Standardise = Annotated[
    list[str] | None,
    option("standardise", about="column to adjust for (direct standardisation); may be repeated"),
]
DisclosureRule = Annotated[str | None, option("disclosure")]


def demo(
    out: Annotated[
        Path | None, option("out", about=f"{_ABOUT['out']}; by default demo_report")
    ] = None,
    seed: Seed = None,
    n_runs: Runs = None,
    disclosure: DisclosureRule = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the whole analysis on the bundled SYNTHETIC survey of 1,543 responses."""
    from iapt_topics.datasets.example import example_path

    given = drop_unset(
        out=out, seed=seed, n_runs=n_runs, disclosure=disclosure and parse_disclosure(disclosure)
    )
    file = example_path()
    plan = StudyPlan(
        **{"out": Path("demo_report")} | given,
        file=file, text=("comment",), year="year", respondent="person", response="response_id",
        question="question", covariates=("role",), standardise=("role",),
        codes=file.with_name("synthetic_coders.csv"), frame=DEFAULT_FRAME,
    )  # fmt: skip
    carry_out(plan, Screen(quiet=quiet, as_json=as_json))


Wave = Annotated[
    list[str] | None,
    option("waves", "--wave", about="label of a wave; repeat for each, in order"),
]


def run(
    place: Annotated[
        Path,
        typer.Argument(help="A study.toml, a results folder, or a survey file with options."),
    ],
    text: Annotated[
        list[str] | None, option("text", about="column of free text; repeat for each question")
    ] = None,
    year: Annotated[str | None, option("year")] = None,
    out: Out = None,
    respondent: Annotated[str | None, option("respondent")] = None,
    response: Annotated[str | None, option("response")] = None,
    question: Annotated[str | None, option("question")] = None,
    covariate: Annotated[
        list[str] | None,
        option(
            "covariates", "--covariate", about="covariate column, such as role; may be repeated"
        ),
    ] = None,
    weight: Annotated[str | None, option("weight")] = None,
    wave: Wave = None,
    language: Annotated[str | None, option("language")] = None,
    non_answers: Annotated[Path | None, option("non_answers")] = None,
    skip_hidden: Annotated[bool | None, option("skip_hidden", "--skip-hidden-rows")] = None,
    withdrawn: Annotated[Path | None, option("withdrawn")] = None,
    deny: Annotated[Path | None, option("deny")] = None,
    names: Annotated[str | None, option("names")] = None,
    redact_text: Annotated[bool | None, option("redact_text", "--redact-text")] = None,
    codes: Annotated[Path | None, option("codes")] = None,
    code_map: Annotated[Path | None, option("code_map")] = None,
    codes_sample: Annotated[str | None, option("codes_sample")] = None,
    documents: Annotated[Path | None, option("documents")] = None,
    unlisted: Annotated[str | None, option("unlisted")] = None,
    frame: Annotated[str | None, option("frame")] = None,
    model: Annotated[str | None, option("model")] = None,
    second_model: Annotated[str | None, option("second_model")] = None,
    baseline: Annotated[int | None, option("baseline")] = None,
    standardise: Standardise = None,
    topic_model: Annotated[str | None, option("topic_model", "--topics")] = None,
    seed: Seed = None,
    n_runs: Runs = None,
    n_topics: Annotated[int | None, option("n_topics")] = None,
    min_topic_size: Annotated[int | None, option("min_topic_size")] = None,
    min_support: Annotated[float | None, option("min_support")] = None,
    disclosure: DisclosureRule = None,
    quotes: Annotated[bool | None, option("quotes", "--quotes")] = None,
    approved: Annotated[Path | None, option("approved")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Analyse a survey by its study.toml, or by options; a results folder is run again.

    Options override the study.toml. A stopped run resumes where it was.
    """
    given = drop_unset(
        text=text and tuple(text), year=year, out=out, respondent=respondent, response=response,
        question=question, covariates=covariate and tuple(covariate), weight=weight,
        waves=wave and tuple(wave), language=language, non_answers=non_answers,
        skip_hidden=skip_hidden, withdrawn=withdrawn, deny=deny, names=names,
        redact_text=redact_text, codes=codes, code_map=code_map, codes_sample=codes_sample,
        documents=documents, unlisted=unlisted, frame=frame and parse_frame(frame),
        model=model and parse_model(model),
        second_model=second_model and parse_model(second_model), baseline=baseline,
        standardise=standardise and tuple(standardise), topic_model=topic_model, seed=seed,
        n_runs=n_runs, n_topics=n_topics, min_topic_size=min_topic_size, min_support=min_support,
        disclosure=disclosure and parse_disclosure(disclosure), quotes=quotes, approved=approved,
    )  # fmt: skip
    if place.is_dir() or place.suffix.casefold() == ".toml":
        plan = replace(read_plan(place), **given)
    else:
        require_file(place, "study or survey")
        _require_columns(given)
        plan = StudyPlan(file=place, **given)
    carry_out(plan, Screen(quiet=quiet, as_json=as_json))


def _require_columns(given: dict[str, Any]) -> None:
    for name in ("text", "year"):
        if name not in given:
            do = "Name the column, or run 'iapt-topics init' on the file."
            raise InputError(f"--{name}", "must be given with a survey file", "nothing", do)


def carry_out(plan: StudyPlan, screen: Screen) -> None:
    """Run a plan, put its results in place and say the main ones."""
    from iapt_topics.cli._summary import result_lines, summarise

    study, written = make_results(plan, screen)
    facts = summarise(study)
    places = {
        "private tables": written["ledger"].parent,
        "private report, for you alone": written["private_report"],
        "public report": written["report"],
    }
    lines = [*result_lines(facts), *(f"{n.capitalize()}: {p.resolve()}" for n, p in places.items())]
    files = {
        name: str(written[of].resolve())
        for name, of in (("report", "report"), ("private report", "private_report"))
    }
    files["private tables"] = str(written["ledger"].parent.resolve())
    screen.give(facts | {"files": files}, lines)


def make_results(plan: StudyPlan, screen: Screen) -> tuple[Study, dict[str, Path]]:
    """Run a plan and put its results in place."""
    from iapt_topics.pipeline.decisions import changed_decisions
    from iapt_topics.pipeline.execute_plan import write_results

    for line in changed_decisions(plan):
        screen.on_event(Event("note", line))
    with working(plan, screen):
        study = make_study(plan, screen)
        screen.on_event(Event("stage", "Writing the results"))
        return study, write_results(study, plan, sys.argv[1:])


@contextmanager
def working(plan: StudyPlan, screen: Screen) -> Iterator[None]:
    """Hold the folder of a plan, with bars on the screen."""
    from iapt_topics._base.files import claimed

    if plan.out.exists() and not plan.out.is_dir():
        raise InputError(
            f"--out {str(plan.out)!r}", "must be a folder", "a file", "Name another folder."
        )
    with screen.working(), claimed(plan.out):
        yield


def make_study(plan: StudyPlan, screen: Screen) -> Study:
    """Run a plan."""
    from iapt_topics.pipeline.execute_plan import run_plan

    return run_plan(plan, make_encoder(plan, screen), on_event=screen.on_event)


def make_encoder(plan: StudyPlan, screen: Screen) -> Encoder:
    """The sentence model of a plan, or two joined."""
    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.encoders.joined import one_encoder

    # Vectors of sensitive text stay beside the results, not in the user's home folder.
    models = [
        sentence_encoder(
            model=model, prompt=plan.prompt or "", theme_prompt=plan.theme_prompt,
            cache=plan.out / "cache", on_event=screen.on_event,
        )
        for model in [plan.model, *([plan.second_model] if plan.second_model else [])]
    ]  # fmt: skip
    return one_encoder(models)


def parse_disclosure(text: str) -> int | str:
    """A number, or the name of a rule."""
    return int(text) if text.isdecimal() else text


def require_new(path: Path, force: bool) -> None:
    """Raise :class:`InputError` if a file is there that is not to be replaced."""
    if path.exists() and not force:
        do = "Use --force to replace it, or name another file."
        raise InputError(f"{str(path)!r}", "must not exist", "a file", do)


def drop_unset(**options: object) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if value is not None}
