"""The command that asks whether findings hang on choices."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from iapt_topics._base.errors import InputError
from iapt_topics.cli._screen import Json, Quiet, Screen, plain
from iapt_topics.cli.make import make_encoder, make_study, require_new, working
from iapt_topics.pipeline.plan import read_plan


def sensitivity(
    place: Annotated[Path, typer.Argument(help="A results folder, or its study.toml.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Another sentence model to try: a folder, or a name such as all-mpnet-base-v2; "
            "may be repeated.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A PRIVATE page of the curves (.html) or workbook (.xlsx)."),
    ] = None,
    public: Annotated[
        Path | None,
        typer.Option(help="A CSV file of the verdicts that may be published."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace files if they exist.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Say whether each finding hangs on choices: threshold, examples, seed, topics, sentence model.

    It corrects no p value, and a stable finding can still be wrong. A stopped call goes on where it
    was.
    """
    from iapt_topics._base.events import Event
    from iapt_topics._base.files import write_whole
    from iapt_topics.analysis.specifications import sensitivity as compare
    from iapt_topics.encoders.encoder import sentence_encoder
    from iapt_topics.pipeline.publications import noise_secret
    from iapt_topics.publish.disclosure import parse_rule
    from iapt_topics.publish.published import publish
    from iapt_topics.publish.workbook import csv_text

    for path, endings in ((out, (".html", ".xlsx")), (public, (".csv",))):
        if path is None:
            continue
        if path.suffix.casefold() not in endings:
            do = f"Use a name that ends in {' or '.join(endings)}."
            raise InputError(f"{str(path)!r}", "must have a known ending", repr(path.suffix), do)
        require_new(path, force)
    plan, screen = read_plan(place), Screen(quiet=quiet, as_json=as_json)
    cache = plan.out / "cache"
    with working(plan, screen):
        study = make_study(plan, screen)
        encoder = make_encoder(plan, screen)
        others = [sentence_encoder(m, cache=cache, on_event=screen.on_event) for m in model or ()]
        screen.on_event(Event("stage", "Comparing the findings under other choices"))
        found = compare(study, encoder, others=others, cache=cache, on_event=screen.on_event)
        if public:
            rule = parse_rule(plan.disclosure)
            published = publish(study, rule, secret=noise_secret(plan.out, rule))
            write_whole(public, csv_text(found.publish(published)), encoding="utf-8-sig")
    if out:
        found.to_excel(out) if out.suffix.casefold() == ".xlsx" else found.report(out)
    rows = found.claims.to_dict("records")
    screen.give(plain({"claims": rows}), claim_lines(rows))


def claim_lines(rows: list[dict]) -> list[str]:  # type: ignore[type-arg]
    """How many claims are stable, then each that was found or hangs on a choice."""
    lines = [
        "Exact figures, for you alone. No p is corrected; a stable finding can still be wrong."
    ]
    for kind, words in (("change", "changes"), ("trend", "trends"), ("topic", "topics")):
        of = [r for r in rows if r["claim"].startswith(f"{kind}: ")]
        if of:
            counts = ", ".join(
                f"{sum(r['verdict'] == v for r in of)} {v}"
                for v in ("stable", "depends", "undetermined")
            )
            lines.append(f"{len(of)} {words}: {counts}.")
    for r in rows:
        level = r["result"].startswith("no significant") or r["claim"].startswith("topic: ")
        if level and (r["verdict"] == "stable" or r["claim"].startswith("topic: ")):
            continue
        verdict = f"depends on {r['depends_on']}" if r["depends_on"] else r["verdict"]
        label = f" {r['label']}" if r["label"] else ""
        side = f", {r['n_same_side']} with an interval on the same side of 0"
        side = side if r["n_same_side"] and r["verdict"] == "depends" else ""
        lines.append(
            f"  {r['claim']}{label}: {r['result'] or 'no result'}; {verdict} "
            f"({r['n_same']} of {r['n']} specifications the same{side})."
        )
    return lines
