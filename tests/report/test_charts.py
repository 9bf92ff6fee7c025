"""Drawings: text is escaped, places are within the drawing, and what is missing is not drawn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.report.charts.rows import dumbbell_row, interval_row, stacked_row
from iapt_topics.report.charts.svg import Scale, drawing, element, words
from iapt_topics.report.charts.waves import Line, Point, small_chart, spoken, wave_chart

HOSTILE = "<script>alert(1)</script> \"'>&"
SHARES = st.floats(0, 1)


def line(*values, label="Machine"):
    points = (
        Point(wave=str(2014 + i), value=v, low=None if v is None else v - 0.05,
              high=None if v is None else v + 0.05, words="suppressed" if v is None else "")
        for i, v in enumerate(values)
    )  # fmt: skip
    return Line(label=label, points=tuple(points))


@given(st.text(), st.text())
def test_whatever_is_said_is_text(text, value):
    made = element("text", text, class_=value, title=HOSTILE)
    if not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or ord(c) > 0xFFFD for c in text + value):
        node = ET.fromstring(made)
        assert (node.text or "") == text
        assert node.get("title") == HOSTILE
    assert "<script" not in made


def test_a_chart_with_hostile_names_has_no_element_of_theirs():
    svg = wave_chart([line(0.1, 0.2, label=HOSTILE)], top=0.5, bases=[HOSTILE, "n = 2"])
    root = ET.fromstring(svg)
    assert {node.tag for node in root.iter()} <= {"svg", "line", "circle", "title", "text"}
    assert HOSTILE in root.get("aria-label")


@given(st.lists(st.one_of(st.none(), SHARES), min_size=1, max_size=12))
def test_points_are_within_the_drawing_and_none_is_made_up(values):
    svg = wave_chart([line(*values)], top=1.05, bottom=-0.1)
    root = ET.fromstring(svg)
    dots = root.findall("circle")
    assert len(dots) == sum(v is not None for v in values)
    for dot in dots:
        assert 0 <= float(dot.get("cx").removesuffix("%")) <= 100
        assert 0 <= float(dot.get("cy")) <= float(root.get("height"))
    joined = [n for n in root.findall("line") if n.get("class").startswith("stroke")]
    pairs = pairwise(values)
    assert len(joined) == sum(a is not None and b is not None for a, b in pairs)


def test_what_a_chart_shows_is_said():
    said = spoken(line(0.1, None)).replace("\u00a0", " ")
    assert said == "Machine: 2014 10 % (5 % to 15 %); 2015 suppressed"
    assert "2014" in small_chart([line(0.1, 0.2)], top=0.3)


def test_of_many_or_long_waves_the_first_and_the_last_are_named():
    svg = wave_chart([line(*[0.1] * 20)], top=0.2)
    assert re.findall(r'class="wave[^"]*">(\d+)<', svg) == ["2014", "2033"]
    svg = wave_chart([line(*[0.1] * 5)], top=0.2)
    assert len(re.findall(r'class="wave">\d+<', svg)) == 5


@given(SHARES, SHARES, SHARES)
def test_a_scale_keeps_its_order_and_its_ends(one, two, high):
    scale = Scale(0.0, high)
    assert 0 <= scale(one) <= 100
    assert one > two or scale(one) <= scale(two)


def test_rows_are_drawn_for_whatever_figures():
    scale = Scale(0.0, 1.0)
    for made in (
        interval_row(scale, (0.4, 0.3, 0.5), beside=[0.6], zero=True),
        dumbbell_row(scale, (0.1, 0.0, 0.2), (0.4, 0.3, 2.0), "up"),
        stacked_row([(0.2, "a"), (0.0, "b")]),
        drawing([words(0, 3, "x")], height=3, kind="k", label="says"),
    ):
        ET.fromstring(made)
    assert stacked_row([(0.2, "a"), (0.0, "b")]).count("part") == 1
