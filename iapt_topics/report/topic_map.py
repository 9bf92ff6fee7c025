"""The map of the responses: topics named, in hexagons for anybody, in dots for the researcher."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from markupsafe import Markup

from iapt_topics._base.text import clean
from iapt_topics.publish.published import Private
from iapt_topics.report import format as form
from iapt_topics.report.charts.svg import element, num

if TYPE_CHECKING:
    from iapt_topics.publish.published import Version

WIDTH, HEIGHT = 720.0, 440.0
#: Shades of a hexagon, from the palest; width of a letter of a name, and height of a line.
_SHADES, _LETTER, _LINE = 4, 5.4, 11.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A topic on the map: place and radius in the units of the drawing, group from 0 to 3.

    ``said`` is its name where there is room for one; ``hexagons``, what it is drawn as in place of
    a circle, if that.
    """

    number: int
    x: float
    y: float
    r: float
    name: str
    theme: str
    group: int
    said: str
    hexagons: Markup

    @property
    def spoken(self) -> str:
        """What the topic is, in words."""
        theme = f"Theme: {self.theme}" if self.theme else "No theme"
        return f"Topic {self.number}: {self.name}. {theme}"


def lay_out(version: Version) -> list[Bubble]:
    """The topics that may be shown, at their places in the table of their map."""
    tables, names = version.tables, version.topic_names
    at = tables["topic_map"]
    if len(at) < 2:
        return []
    best = tables["topic_mapping"].drop_duplicates("topic").set_index("topic")["theme"]
    frame, poles = tables["frame"], version.about.poles
    domains = dict(zip(frame["theme"], frame["domain"], strict=True))
    hexagons = {int(str(t)): rows for t, rows in _hexagons(version).groupby("topic")}
    most = max((rows["count"].max() for rows in hexagons.values()), default=1.0)
    # A number stands in the hexagon of its topic that is nearest to the middle of them.
    middle = {t: _central(rows) for t, rows in hexagons.items()}
    at = at.assign(
        x=[middle.get(t, (x,))[0] for t, x in zip(at["topic"], at["x"], strict=True)],
        y=[middle.get(t, (0, y))[1] for t, y in zip(at["topic"], at["y"], strict=True)],
    )
    said = _room(at, names)
    out = []
    for number, x, y, r in at[["topic", "x", "y", "r"]].itertuples(index=False, name=None):
        theme = str(best.get(number, ""))
        domain = domains.get(theme)
        other = len(poles) if theme else len(poles) + 1
        out.append(
            Bubble(
                number=int(number),
                x=round(x, 1),
                y=round(y, 1),
                r=round(r, 1),
                name=names[number],
                theme=form.label_of(version.labels, theme) if theme else "",
                group=poles.index(domain) if domain in poles else other,
                said=said.get(number, ""),
                hexagons=_drawn(hexagons[number], most, names) if number in hexagons else Markup(),
            )
        )
    return out


def groups(version: Version) -> list[str]:
    """What the groups of topics are called."""
    named = (form.label_of(version.labels, pole) for pole in version.about.poles)
    return [*named, "other theme" if version.about.poles else "a theme", "no theme"]


def topic_grid(bubbles: list[Bubble], topics: pd.DataFrame) -> form.Grid:
    """The topics of the map as a table."""
    rows = topics.set_index("topic")
    return form.Grid(
        caption="Topics on the map",
        head=("Topic", "Responses", "Share", "Best matching theme"),
        rows=tuple(
            (
                f"{b.number}: {b.name}",
                form.count(rows.at[b.number, "n"]),
                form.percent(rows.at[b.number, "estimate"]),
                b.theme or "none",
            )
            for b in bubbles
        ),
        links=tuple(f"topic-{b.number}" for b in bubbles),
    )


def responses_json(version: Version, bubbles: list[Bubble]) -> Markup | None:
    """What the script draws and reads out in a private report: every response, as JSON in HTML.

    Places are 16-bit numbers, two a response, in 1/65535 of the drawing's width and height.
    """
    rows = version.responses if isinstance(version, Private) else None
    if rows is None or not bubbles:
        return None
    place = rows[["x", "y"]].to_numpy() / (WIDTH, HEIGHT)
    packed = np.clip(place * 65535, 0, 65535).astype("<u2").tobytes()
    given = {t for of in rows["themes"] for t in of}
    themes = [t for t in version.labels if t in given] + sorted(given - set(version.labels))
    number = {t: i for i, t in enumerate(themes)}
    waves = list(dict.fromkeys(version.wave(y) for y in version.about.years))
    values = {
        "places": base64.b64encode(packed).decode("ascii"),
        "topics": [[b.number, b.name, b.group] for b in bubbles],
        "themes": [form.label_of(version.labels, t) for t in themes],
        "waves": waves,
        "topic": rows["topic"].tolist(),
        "wave": rows["wave"].map({w: i for i, w in enumerate(waves)}).tolist(),
        "theme": [[number[t] for t in of] for of in rows["themes"]],
        "text": rows["text"].tolist(),
    }
    written = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # No text of it can end the element that it is in.
    return Markup(written.replace("<", "\\u003c"))


def dots_left_out(version: Version) -> str:
    """Say that a private report of many responses draws a part of them; "" if it draws all."""
    rows = version.responses if isinstance(version, Private) else None
    totals = version.tables["ledger_totals"].set_index("status")["n"]
    if rows is None or len(rows) == totals["kept"]:
        return ""
    return (
        f"Of {form.count(totals['kept'])} responses, {form.count(len(rows))} are drawn and can be "
        "read here, evenly spaced over the survey's files."
    )


def view_box(version: Version) -> str:
    """The drawing's edges: hexagons of the outermost topics may stand out over the map's."""
    left, top, right, bottom = 0.0, 0.0, WIDTH, HEIGHT
    table = _hexagons(version)
    if len(table):
        side = float(table["side"].iloc[0]) + 2
        left, right = min(left, table["x"].min() - side), max(right, table["x"].max() + side)
        top, bottom = min(top, table["y"].min() - side), max(bottom, table["y"].max() + side)
    return " ".join(num(v) for v in (left, top, right - left, bottom - top))


def _hexagons(version: Version) -> pd.DataFrame:
    """The hexagons to draw; none where every response is drawn."""
    table = version.tables["topic_hexagons"]
    return table[:0] if isinstance(version, Private) else table


def _central(rows: pd.DataFrame) -> tuple[float, float]:
    x, y = rows["x"].to_numpy(), rows["y"].to_numpy()
    nearest = int(np.hypot(x - x.mean(), y - y.mean()).argmin())
    return float(x[nearest]), float(y[nearest])


def _drawn(rows: pd.DataFrame, most: float, names: Mapping[int, str]) -> Markup:
    """The hexagons of a topic, the stronger in colour the more responses, and their outline."""
    middles, side = rows[["x", "y"]].to_numpy(), float(rows["side"].iloc[0])
    # Corners from the lower right on; across the edge from each to the next, a neighbour's middle.
    turn = np.pi / 6 * np.arange(1, 13).reshape(6, 2)
    corner, across = (
        np.column_stack([far * np.cos(of), far * np.sin(of)])
        for far, of in zip((side, np.sqrt(3) * side), turn.T, strict=True)
    )
    gaps = middles[:, None, None] + across[:, None] - middles
    alone = np.hypot(gaps[..., 0], gaps[..., 1]).min(axis=2) > side / 2
    parts, edge = [], ""
    for at, (topic, n) in enumerate(zip(rows["topic"], rows["count"], strict=True)):
        points = [f"{num(x)} {num(y)}" for x, y in (middles[at] + corner).tolist()]
        title = element("title", f"{form.count(n)} responses of topic {topic}: {names[topic]}")
        shade = min(int(_SHADES * n / most), _SHADES - 1)
        parts.append(element("path", title, d=f"M{'L'.join(points)}z", class_=f"s{shade}"))
        edge += "".join(f"M{points[i]}L{points[(i + 1) % 6]}" for i in np.flatnonzero(alone[at]))
    return Markup("").join([*parts, element("path", d=edge, class_="edge")])


def _room(at: pd.DataFrame, names: dict[int, str]) -> dict[int, str]:
    """The first words of the topics' names, of those for which there is room, the largest first."""
    taken = [(x - 9, y - 7, x + 9, y + 7) for x, y in at[["x", "y"]].itertuples(index=False)]
    out = {}
    rows = at.sort_values("r", ascending=False, kind="stable")
    for number, x, y in rows[["topic", "x", "y"]].itertuples(index=False, name=None):
        name = clean(names[number]).split(",")[0].strip()[:22]
        half = len(name) * _LETTER / 2
        box = (x - half, y + 7, x + half, y + 8 + _LINE)
        inside = box[0] > 2 and box[2] < WIDTH - 2 and box[3] < HEIGHT
        if inside and not any(
            box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken
        ):
            taken.append(box)
            out[number] = name
    return out
