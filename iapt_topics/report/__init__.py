"""The report: one HTML file that opens offline, asks nothing of the network and runs no script."""

from __future__ import annotations

import base64
import hashlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics import figures
from iapt_topics._checks import InputError
from iapt_topics._files import write_whole
from iapt_topics.axis import axis_codes
from iapt_topics.drift import Drift, measure_drift
from iapt_topics.report import compute, disclosure, grids

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.frame import ThemeFrame
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

__all__ = ["write_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    title: str
    alt: str
    source: str
    table: compute.Grid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    number: int
    label: str
    small: bool
    size: str
    share: str
    interval: str
    support: str
    words: tuple[str, ...]
    themes: tuple[str, ...]
    quotes: tuple[str, ...]
    note: str


def require_min_cell(min_cell: object) -> None:
    """Raise :class:`InputError` unless ``min_cell`` is a whole number of 1 or more."""
    if isinstance(min_cell, bool) or not isinstance(min_cell, int) or min_cell < 1:
        raise InputError(
            "min_cell",
            "must be a whole number of 1 or more",
            repr(min_cell),
            "Use 10, or your rule.",
        )


def write_report(
    path: str | Path,
    *,
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    comparison: Comparison | None = None,
    drift: Drift | None = None,
    ceiling: Comparison | None = None,
    axis_drift: Drift | None = None,
    min_cell: int = 10,
    quotes: bool | None = None,
) -> Path:
    """Write the report as one standalone HTML file.

    Parameters
    ----------
    path : str or Path
        The file to write. Its folder is made if need be; a file of that name is replaced, and only
        once the new one is complete.
    responses : Responses
        The survey.
    topics : Topics
        Its topics.
    mapping : TopicMapping
        The topics' themes.
    codes : Codes
        The coding that the shares are taken from.
    comparison : Comparison, optional
        Machine against people.
    drift : Drift, optional
        Change of the themes over the years.
    ceiling : Comparison, optional
        One person against another.
    axis_drift : Drift, optional
        Drift of the four classes of the axis, from :func:`iapt_topics.axis_codes`. By default it
        is measured here if ``drift`` is given and the frame has an axis.
    min_cell : int, default 10
        Topics and theme-year cells resting on fewer respondents are not shown; 1 or more.
    quotes : bool, optional
        Whether to print redacted quotes. By default only for the synthetic example: printing the
        words of real respondents is a choice to be made on purpose.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        If ``min_cell`` is not a whole number of at least 1, or ``path`` is a folder.
    """
    target = Path(path)
    require_min_cell(min_cell)
    if target.is_dir():
        raise InputError(
            f"report {str(target)!r}", "must be a file", "a folder", "Add a file name."
        )
    if axis_drift is None and drift is not None and mapping.frame.axis is not None:
        poles = axis_codes(codes, mapping.frame)
        axis_drift = measure_drift(poles, responses, baseline=drift.baseline)
    parts = {"comparison": comparison, "drift": drift, "ceiling": ceiling, "axis_drift": axis_drift}
    page = _render(
        _context(
            responses,
            topics,
            mapping,
            codes,
            parts,
            min_cell,
            responses.synthetic if quotes is None else quotes,
        )
    )
    write_whole(target, page)
    return target


def _context(
    responses: Responses,
    topics: Topics,
    mapping: TopicMapping,
    codes: Codes,
    parts: Mapping[str, Any],
    min_cell: int,
    quotes: bool,
) -> dict[str, Any]:
    frame = mapping.frame
    kept = responses.kept
    rows = compute.theme_rows(codes, responses, frame)
    cards = _cards(responses, topics, mapping, min_cell, quotes)
    statuses = [t.status for t in frame.codable]
    questions = [compute.clean(q) for q in kept["question"].unique() if q]
    unassigned = float((topics.assignments["topic"] == -1).mean())
    _, uncounted = disclosure.hidden_topics(topics, responses, min_cell)
    context: dict[str, Any] = {
        "synthetic": responses.synthetic,
        "source": compute.clean(responses.source),
        "min_cell": min_cell,
        "min_base": disclosure.MIN_BASE,
        "n_rows": f"{len(responses.table):,}",
        "n_kept": f"{len(responses):,}",
        "n_people": f"{disclosure.people(responses).nunique():,}",
        "years": responses.years,
        "questions": questions,
        "ledger": _picture(
            "What became of every row of the file",
            figures.flow_figure(responses),
            f"Flow from rows read to responses by year: {len(responses):,} of "
            f"{len(responses.table):,} rows were analysed.",
            grids.ledger_grid(responses),
        ),
        "coder": compute.clean(codes.coder),
        "coder_kind": codes.kind,
        "themes": grids.theme_grid(rows, frame, min_cell),
        "top": _top(rows, mapping, min_cell),
        "cards": cards,
        "unreached": [compute.label_of(frame, t) for t in mapping.themes_without_topic],
        "topic_note": notes.pop()
        if len(notes := {c.note for c in cards if not c.small}) == 1
        else "",
        "unassigned": "a share not shown" if -1 in uncounted else compute.percent(unassigned),
        "quotes": quotes,
        "mapping": _map(mapping, cards),
        "resolution": _picture(
            "How the number of topics was chosen",
            figures.resolution_figure(topics),
            "Agreement between runs for each number of topics that was tried.",
            grids.resolution_grid(topics),
        )
        if len(topics.resolution)
        else None,
        "runs": grids.runs_grid(topics),
        "settings": grids.settings_grid(topics, codes, frame),
        "frame": grids.frame_grid(frame),
        "frame_title": compute.clean(frame.title),
        "frame_note": compute.clean(frame.note),
        "anchored": bool({"PART", "INFERRED"} & set(statuses)),
        "statuses": [
            (words, statuses.count(name))
            for name, words in compute.STATUS_WORDS.items()
            if name in statuses
        ],
    }
    context["poles"] = _poles(mapping.frame)
    context["axis"] = _axis(parts["axis_drift"], codes, responses, mapping, min_cell)
    context["drift"] = _drift(parts["drift"], codes, responses, mapping, min_cell)
    context["agreement"] = _agreement(parts["comparison"], parts["ceiling"], mapping, min_cell)
    return context


def _map(mapping: TopicMapping, cards: list[_Card]) -> _Picture | None:
    """The heat map of the topics that may be shown."""
    labels = {c.number: f"{c.number}: {c.label}" for c in cards if not c.small}
    if not labels or mapping.scores.empty:
        return None
    return _picture(
        "How near each topic is to each theme",
        figures.mapping_figure(mapping, labels=labels),
        f"Heat map of {len(labels)} topics by {len(mapping.frame.codable)} themes; chosen pairs "
        "are outlined. The list of topics above says the same in words.",
    )


def _top(rows: pd.DataFrame, mapping: TopicMapping, min_cell: int) -> list[str]:
    """The three commonest themes in words."""
    best = rows[(rows["people"] >= min_cell) & (rows["n"] >= disclosure.MIN_BASE)]
    best = best.sort_values("count", ascending=False, kind="stable").head(3)
    return [
        f"{compute.label_of(mapping.frame, r['theme'])} ({compute.percent(r['estimate'])})"
        for r in best.to_dict("records")
    ]


def _poles(frame: ThemeFrame) -> str:
    return " and ".join(compute.label_of(frame, pole) for pole in frame.axis or ()) or "Two poles"


def _axis(
    drift: Drift | None, codes: Codes, responses: Responses, mapping: TopicMapping, min_cell: int
) -> _Picture | None:
    if drift is None:
        return None
    counted = None
    if drift.coder == codes.coder and mapping.frame.axis is not None:
        counted = disclosure.cells(axis_codes(codes, mapping.frame).table, responses)
    hidden = disclosure.hidden_cells(drift, counted, min_cell, exclusive=True)
    thin = disclosure.thin_cells(drift)
    caption = f"{_poles(mapping.frame)}, by year"
    return _picture(
        caption,
        figures.axis_figure(drift, hidden=hidden | thin),
        f"Share of responses by year: {', '.join(drift.themes)}.",
        grids.shares_grid(drift, mapping.frame, hidden, thin, min_cell, caption),
    )


def _drift(
    drift: Drift | None, codes: Codes, responses: Responses, mapping: TopicMapping, min_cell: int
) -> dict[str, Any] | None:
    if drift is None:
        return None
    frame = mapping.frame
    counted = disclosure.cells(codes.table, responses) if drift.coder == codes.coder else None
    hidden = disclosure.hidden_cells(drift, counted, min_cell)
    thin = disclosure.thin_cells(drift)
    changes = compute.last_changes(drift, hidden, thin)
    shown = changes[changes["show"]]
    last = int(changes["year"].max()) if len(changes) else drift.baseline
    moved = [
        f"{compute.label_of(frame, r['theme'])} {compute.verdict(r)} by "
        f"{compute.points(abs(r['estimate'])).lstrip('+')} points "
        f"({compute.interval(r['low'], r['high'], compute.points)})"
        for r in shown.to_dict("records")
        if not compute.verdict(r).startswith("no change")
    ]
    caption = "Share of responses with each theme, by year"
    return {
        "figure": _picture(
            caption,
            figures.drift_figure(drift, frame, hidden=hidden | thin),
            "One small panel per theme: share by year with 95 % intervals; n is under each year.",
            grids.shares_grid(drift, frame, hidden, thin, min_cell, caption),
        ),
        "changes": grids.changes_grid(changes, frame, last, drift.baseline),
        "trends": grids.trends_grid(drift, frame, hidden | thin),
        "distances": grids.distances_grid(drift) if len(drift.distances) else None,
        "moved": moved,
        "n_shown": len(shown),
        "n_hidden": len(changes) - len(shown),
        "last": last,
        "baseline": drift.baseline,
        "coder": compute.clean(drift.coder),
    }


def _f1(result: Comparison) -> str:
    rows = result.overall[result.overall["measure"] == "f1_macro"].to_dict("records")
    return (
        f"{rows[0]['estimate']:.2f}" if rows and pd.notna(rows[0]["estimate"]) else "not estimable"
    )


def _agreement(
    comparison: Comparison | None, ceiling: Comparison | None, mapping: TopicMapping, min_cell: int
) -> dict[str, Any] | None:
    if comparison is None and ceiling is None:
        return None
    hidden: dict[str, set[str]] = {}
    out: dict[str, Any] = {"ceiling": None, "pair": None, "figure": None}
    for name, result in (("ceiling", ceiling), ("pair", comparison)):
        if result is not None:
            hidden[name] = disclosure.few(result, min_cell)
            out[name] = {
                "n": f"{result.n:,}",
                "f1": _f1(result),
                "overall": grids.overall_grid(result),
                "themes": grids.agreement_grid(result, hidden[name], min_cell),
                "meet": grids.convergence_grid(result, hidden[name]),
                "apart": grids.matches_grid(result, mapping.frame, hidden[name], min_cell),
                "few": result.n < disclosure.MIN_BASE,
            }
    if comparison is not None and len(comparison.themes):
        out["figure"] = _picture(
            "F1 and kappa for each theme",
            figures.agreement_figure(comparison, ceiling, hidden=set().union(*hidden.values())),
            f"Forest plot of F1 and kappa with 95 % intervals for {len(comparison.themes)} themes; "
            "in brackets how many responses the people gave each theme. The table has the figures.",
        )
    return out


def _cards(
    responses: Responses, topics: Topics, mapping: TopicMapping, min_cell: int, quotes: bool
) -> list[_Card]:
    small, uncounted = disclosure.hidden_topics(topics, responses, min_cell)
    users = disclosure.word_users(responses)
    pairs = mapping.table
    used: set[object] = set()
    cards = []
    for row in topics.topics.to_dict("records"):
        number = int(row["topic"])
        if number in small:
            cards.append(
                _Card(
                    number=number,
                    label="small topic, not shown",
                    small=True,
                    size=f"<{min_cell}",
                    share="",
                    interval="",
                    support="",
                    words=(),
                    themes=(),
                    quotes=(),
                    note="",
                )
            )
            continue
        words = disclosure.common_words(str(row["words"]).split(","), users, min_cell)
        label_parts = str(row["label"]).split(",")
        safe = disclosure.common_words(label_parts, users, min_cell)
        label = str(row["label"]) if len(safe) == len(label_parts) else ", ".join(words[:3])
        themes = pairs.loc[(pairs["topic"] == number) & (pairs["theme"] != ""), "theme_label"]
        counted = number not in uncounted and len(responses) >= disclosure.MIN_BASE
        cards.append(
            _Card(
                number=number,
                label=compute.clean(label) or f"topic {number}",
                small=False,
                size=f"{int(row['n']):,}" if number not in uncounted else "hidden",
                share=compute.percent(row["estimate"]) if counted else "",
                interval=compute.interval(row["low"], row["high"]) if counted else "",
                support=compute.percent(row["support"]),
                words=tuple(compute.clean(w) for w in words),
                themes=tuple(compute.clean(t) for t in themes),
                quotes=tuple(
                    compute.clean(q)
                    for q in disclosure.pick_quotes(row["exemplars"], responses, used)
                )
                if quotes
                else (),
                note=compute.clean(row["note"]),
            )
        )
    return cards


def _picture(title: str, figure: Figure, alt: str, table: compute.Grid | None = None) -> _Picture:
    """Turn a figure into an SVG data address; the same figure always gives the same bytes."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "iapt_topics"}), warnings.catch_warnings():
        # A character that the font lacks is drawn as a box; the table beside the figure has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    coded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return _Picture(title=title, alt=alt, source=f"data:image/svg+xml;base64,{coded}", table=table)


def _render(context: Mapping[str, Any]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    style = files("iapt_topics.report").joinpath("style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    environment = Environment(
        loader=PackageLoader("iapt_topics", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template("template.html.j2")
    # The style sheet is a file of this package, never text of a response.
    return template.render(**context, style=Markup(style), style_hash=digest)
