from __future__ import annotations

import io
import re
import sys
from types import SimpleNamespace

import matplotlib as mpl
import pytest
import standins

from iapt_topics import figures
from iapt_topics._base.errors import InputError


@pytest.fixture(scope="module")
def made():
    survey = standins.responses()
    found = standins.topics(survey)
    coded = standins.codes(survey)
    return SimpleNamespace(
        survey=survey,
        topics=found,
        mapping=standins.mapping(found),
        drift=standins.drift(survey, coded),
        axis=standins.axis_drift(survey, coded),
        comparison=standins.comparison(),
    )


def drawn(figure) -> str:
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "x"}):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def all_of(made):
    return {
        "drift": figures.drift_figure(made.drift, standins.frame()),
        "axis": figures.axis_figure(made.axis),
        "agreement": figures.agreement_figure(made.comparison, made.comparison),
        "mapping": figures.mapping_figure(made.mapping),
        "resolution": figures.resolution_figure(made.topics),
        "plane": figures.axis_plane_figure(poles_of(made)),
        "coding_flow": figures.coding_flow_figure(made.comparison, standins.frame()),
        "flow": figures.flow_figure(made.survey),
    }


@pytest.fixture(scope="module")
def texts(made):
    return {name: drawn(figure) for name, figure in all_of(made).items()}


def test_every_figure_states_n_and_needs_no_pyplot(texts):
    for name, text in texts.items():
        assert "n=" in text or "n = " in text, name
    assert "matplotlib.pyplot" not in sys.modules


def test_same_result_gives_same_bytes(made, texts):
    assert {name: drawn(figure) for name, figure in all_of(made).items()} == texts


def test_results_are_not_changed(made):
    before = made.drift.shares.copy()
    figures.drift_figure(made.drift, hidden={("S1", 2014)})
    assert made.drift.shares.equals(before)


def test_hidden_cell_is_a_gap_with_a_note(made):
    figure = figures.drift_figure(made.drift, themes=["S1"], hidden={("S1", 2015)})
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.texts] == ["hidden"]
    shown = made.drift.shares.query("theme == 'S1' and year != 2015")["estimate"].tolist()
    points = [v for line in ax.lines for v in line.get_ydata() if v == v]
    secret = made.drift.shares.query("theme == 'S1' and year == 2015")["estimate"].item()
    assert secret not in points
    assert set(shown) <= set(points)


def test_hidden_theme_is_not_in_the_forest_plot(made):
    text = drawn(figures.agreement_figure(made.comparison, hidden={"W4"}))
    assert "not shown" in text
    assert "Wish to leave (few)" in text


def test_only_labelled_topics_are_in_the_heat_map(made):
    text = drawn(figures.mapping_figure(made.mapping, labels={0: "first", 2: "third"}))
    assert "first" in text
    assert "n = 2 topics" in text


def test_mathematics_and_control_characters_in_a_label_are_plain_text(made):
    text = drawn(figures.mapping_figure(made.mapping, labels={0: "cost $\\frac{ \x00 $ <b>"}))
    assert "cost $\\frac{ $ &lt;b&gt;" in text


def test_unknown_or_no_theme_is_an_input_error(made):
    with pytest.raises(InputError, match="S99"):
        figures.drift_figure(made.drift, themes=["S99"])
    with pytest.raises(InputError):
        figures.drift_figure(made.drift, themes=[])


def test_empty_result_is_an_input_error(made):
    empty = SimpleNamespace(scores=made.mapping.scores.iloc[:0], frame=made.mapping.frame)
    with pytest.raises(InputError, match="the mapping"):
        figures.mapping_figure(empty)


def test_axis_classes_keep_their_order(made):
    legend = [t.get_text() for t in figures.axis_figure(made.axis).legends[0].get_texts()]
    assert legend == list(made.axis.themes)


def test_flow_counts_every_row_once(made):
    ledger = made.survey.ledger
    (ax,) = figures.flow_figure(made.survey).axes
    said = "\n".join(t.get_text() for t in ax.texts)
    kept = ledger[ledger["status"] == "kept"].groupby("year")["n"].sum()
    numbers = [int(n.replace(",", "")) for n in re.findall(r"(?:n =|:) ([\d,]+)$", said, re.M)]
    rows, left_out, *reasons = numbers[0], numbers[1], *numbers[2:7]
    analysed, *years = numbers[7:]
    assert rows == ledger["n"].sum() == left_out + analysed
    assert left_out == sum(reasons)
    assert years == kept.tolist()
    assert sum(years) == analysed


def poles_of(made):
    return standins._drift(standins.codes(made.survey).table, ("S1", "S2"), made.survey)


def test_the_plane_of_the_axis_names_years_and_poles_and_leaves_out_hidden_years(made):
    text = drawn(
        figures.axis_plane_figure(
            poles_of(made), labels={"S1": "Identity"}, hidden={("S2", 2014)}, waves={2015: "Wave B"}
        )
    )
    assert "n: Wave B " in text
    assert "2014" not in text
    assert "some years hidden" in text
    assert "speak of Identity" in text
    assert "speak of S2" in text
    with pytest.raises(InputError, match="both poles"):
        figures.axis_plane_figure(poles_of(made), hidden={("S2", y) for y in standins.YEARS})


def test_flow_of_codes_leaves_out_small_and_hidden_pairs(made):
    text = drawn(figures.coding_flow_figure(made.comparison, standins.frame(), least=10))
    assert "Targets and performance (72)" in text  # 22 + 50 common responses
    assert "Role and standing" not in text  # 4
    with pytest.raises(InputError, match="common responses"):
        figures.coding_flow_figure(made.comparison, hidden={"S1"})


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_files_of_a_figure_are_the_same_each_time(made, kind):
    figure = figures.axis_figure(made.axis)
    assert figures.figure_bytes(figure, kind) == figures.figure_bytes(figure, kind)
