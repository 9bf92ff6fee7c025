"""The command that places next year's survey on the topics and themes of a finished study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.events import Event
from iapt_topics.cli._screen import Json, Quiet, Screen
from iapt_topics.cli.judge import Place
from iapt_topics.cli.make import drop_unset, make_results, option
from iapt_topics.pipeline.plan import read_plan

if TYPE_CHECKING:
    from iapt_topics.topics.new_wave import Wave


def wave(
    place: Place,
    file: Annotated[Path, typer.Argument(help="The survey of the new wave alone.")],
    out: Annotated[
        Path | None,
        option("out", about="new folder for the results; by default beside the earlier ones"),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--wave", help="Label of the new wave, if those before are named.", show_default=False
        ),
    ] = None,
    codes: Annotated[
        Path | None,
        option("codes", about="human codes of all waves; by default those that the study has"),
    ] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Place next year's survey on the topics and themes of a finished study, which stay.

    Its columns have the names of the earlier file. The results of before are unchanged; the new
    folder has tables and both reports of all waves, and says how much of the new one is novel.
    """
    from iapt_topics.cli._summary import result_lines, summarise

    screen = Screen(quiet=quiet, as_json=as_json)
    require_file(file, "survey")
    earlier = read_plan(place)
    new = out or earlier.out.with_name(f"{earlier.out.name}_{file.stem}")
    if new.resolve() == earlier.out.resolve():
        do = "Name a new one."
        raise InputError("--out", "must be another folder than that of the study", str(new), do)
    given = drop_unset(waves=label and tuple(label), codes=codes)
    for name in ("tests", "ratings"):
        if getattr(earlier, name):
            what = "Blind tests" if name == "tests" else "Convergence ratings"
            screen.on_event(Event("note", f"{what} are of the earlier study, and stay with it."))
    left: dict[str, Any] = dict.fromkeys(("tests", "answers", "ratings"), ())
    left |= dict.fromkeys(("topic_edits", "mapping_edits", "withdrawn"))  # they are read there
    settled = {"file": file, "after": earlier.out.resolve(), "out": new}
    plan = replace(earlier, **{"waves": ()} | left | settled | given)
    study, written = make_results(plan, screen)
    assert study.wave is not None
    facts = summarise(study)
    files = {
        name: str(written[of].resolve())
        for name, of in (("report", "report"), ("private report", "private_report"))
    }
    novelty = study.wave.novelty.to_dict("records")
    groups = study.wave.groups.drop(columns="response_ids").to_dict("records")
    lines = [*novelty_lines(study.wave, facts["waves"]), *result_lines(facts)]
    lines.append(f"Private tables: {written['ledger'].parent.resolve()}, wave_*.csv")
    lines += [f"{name.capitalize()}: {path}" for name, path in files.items()]
    screen.give(facts | {"novelty": novelty, "groups": groups, "files": files}, lines)


def novelty_lines(found: Wave, labels: dict[str, str]) -> list[str]:
    """How much of a wave fits no topic, and what of it belongs together."""
    lines = []
    for row in found.novelty.to_dict("records"):
        verdict = "more than expected" if row["shown"] else "not shown to be more than expected"
        limits = f"95 % CI {row['low']:.0%} to {row['high']:.0%}"
        if row["expected"] == row["expected"]:
            limits += f"; {row['expected']:.0%} expected if nothing is new"
        else:
            verdict = row["note"]
        lines.append(
            f"{labels[str(row['year'])]}: {row['estimate']:.0%} of {row['n']:,} responses fit no "
            f"topic ({limits}), {verdict}."
        )
    shown = found.groups[found.groups["shown"]]
    lines += [f"  Perhaps a new topic: {words}" for words in shown["words"]]
    if other := len(found.groups) - len(shown):
        lines.append(f"  {other} further group(s) of them, not shown to be new.")
    if found.novelty["shown"].any():
        lines.append("Read them before you use the shares of the new wave, or fit topics anew.")
    return lines
