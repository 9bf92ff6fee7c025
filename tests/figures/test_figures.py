from __future__ import annotations

import io
import re
import sys
from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
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
    themes = made.comparison.themes
    return {
        "drift": figures.drift_figure(made.drift.shares, labels=LABELS),
        "axis": figures.axis_figure(made.axis.shares),
        "agreement": figures.agreement_figure(themes, themes),
        "mapping": figures.mapping_figure(made.mapping.scores, labels=LABELS),
        "resolution": figures.resolution_figure(made.topics.resolution, n=640),
        "plane": figures.axis_plane_figure(poles_of(made)),
        "confusion": figures.confusion_flow_figure(made.comparison.matches, labels=LABELS, n=400),
        "ledger": figures.ledger_figure(made.survey.ledger),
    }


LABELS = {t.id: t.label for t in standins.frame().themes}


def without(shares, *cells):
    """The shares with these (theme, year) suppressed, as publishing does."""
    out = shares.set_index(["theme", "year"])
    out.loc[list(cells), ["estimate", "low", "high"]] = np.nan
    return out.reset_index()


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
    given = without(made.drift.shares, ("S1", 2014))
    before = given.copy()
    figures.drift_figure(given)
    assert given.equals(before)


def test_hidden_cell_is_a_gap_with_a_note(made):
    shares = without(made.drift.shares, ("S1", 2015), ("S1", 2016))
    shares.loc[shares["year"] == 2016, "n"] = 0  # nothing coded, so nothing is hidden
    (ax,) = figures.drift_figure(shares, themes=["S1"]).axes
    assert [t.get_text() for t in ax.texts] == ["[c]"]
    shown = shares.query("theme == 'S1'")["estimate"].dropna().tolist()
    points = [v for line in ax.lines for v in line.get_ydata() if v == v]
    secret = made.drift.shares.query("theme == 'S1' and year == 2015")["estimate"].item()
    assert secret not in points
    assert set(shown) <= set(points)


def test_hidden_theme_is_not_in_the_forest_plot(made):
    themes = made.comparison.themes.set_index("theme", drop=False)
    themes.loc["W4", "positives_reference"] = np.nan
    text = drawn(figures.agreement_figure(themes))
    assert "[c]" in text
    assert "Wish to leave ([c])" in text
    assert "n = 400 responses" in text


def test_only_labelled_topics_are_in_the_heat_map(made):
    text = drawn(figures.mapping_figure(made.mapping.scores, topic_labels={0: "first", 2: "third"}))
    assert "first" in text
    assert "n = 2 topics" in text


def test_mathematics_and_control_characters_in_a_label_are_plain_text(made):
    topics = {0: "cost $\\frac{ \x00 $ <b>"}
    text = drawn(figures.mapping_figure(made.mapping.scores, topic_labels=topics))
    assert "cost $\\frac{ $ &lt;b&gt;" in text


def test_unknown_or_no_theme_is_an_input_error(made):
    with pytest.raises(InputError, match="S99"):
        figures.drift_figure(made.drift.shares, themes=["S99"])
    with pytest.raises(InputError):
        figures.drift_figure(made.drift.shares, themes=[])


def test_empty_result_is_an_input_error(made):
    with pytest.raises(InputError, match="the mapping"):
        figures.mapping_figure(made.mapping.scores.iloc[:0])


def test_themes_of_the_heat_map_are_in_the_order_given(made):
    scores = made.mapping.scores
    ax = figures.mapping_figure(scores, labels={"W1": "Last", "S1": "Next"}).axes[0]
    names = [t.get_text() for t in ax.get_xticklabels()]
    others = [t for t in scores["theme"].unique() if t not in ("W1", "S1")]
    assert names == ["Last", "Next", *others]
    assert ax.collections[0].get_array()[0, 0] == scores.query("theme == 'W1'")["score"].iloc[0]


def test_a_count_that_may_not_be_shown_is_hidden(made):
    text = drawn(figures.resolution_figure(made.topics.resolution, n=np.nan))
    assert "n = [c] responses, 12 runs" in text
    ledger = made.survey.ledger.astype({"n": float})
    ledger.loc[ledger["year"] == 2015, "n"] = np.nan
    text = drawn(figures.ledger_figure(ledger, waves={2015: "Wave B"}))
    assert "Wave B" in text
    assert "n = [c]" in text


def test_axis_classes_keep_their_order(made):
    legend = [t.get_text() for t in figures.axis_figure(made.axis.shares).legends[0].get_texts()]
    assert legend == list(made.axis.themes)


def test_ledger_counts_every_row_once(made):
    ledger = made.survey.ledger
    (ax,) = figures.ledger_figure(ledger).axes
    said = "\n".join(t.get_text() for t in ax.texts)
    kept = ledger[ledger["status"] == "kept"].groupby("year")["n"].sum()
    numbers = [int(n.replace(",", "")) for n in re.findall(r"(?:n =|:) ([\d,]+)$", said, re.M)]
    reasons = [int(n.replace(",", "")) for n in re.findall(r"^  .+: ([\d,]+)$", said, re.M)]
    rows, left_out, *listed = numbers[: 2 + len(reasons)]
    assert listed == reasons
    assert min(reasons) > 0
    analysed, *years = numbers[2 + len(reasons) :]
    assert rows == ledger["n"].sum() == left_out + analysed
    assert left_out == sum(reasons)
    assert years == kept.tolist()
    assert sum(years) == analysed


def poles_of(made):
    return standins._drift(standins.codes(made.survey).table, ("S1", "S2"), made.survey).shares


def test_the_plane_of_the_axis_names_years_and_poles_and_leaves_out_hidden_years(made):
    text = drawn(
        figures.axis_plane_figure(
            without(poles_of(made), ("S2", 2014)), labels={"S1": "Identity"}, waves={2015: "Wave B"}
        )
    )
    assert "n: Wave B " in text
    assert "2014" not in text
    assert "Some years are suppressed" in text
    assert "mentioning Identity" in text
    assert "mentioning S2" in text
    with pytest.raises(InputError, match="both poles"):
        figures.axis_plane_figure(without(poles_of(made), *(("S2", y) for y in standins.YEARS)))
    with pytest.raises(InputError, match="two poles"):
        figures.axis_plane_figure(made.drift.shares)


def test_flow_of_codes_leaves_out_small_pairs_and_states_its_n(made):
    matches = made.comparison.matches
    text = drawn(figures.confusion_flow_figure(matches, labels=LABELS, reference="anna", n=400))
    assert "anna (left) and other (right), n = 400 responses" in text
    assert "Targets and performance (72)" in text  # 22 + 50 common responses
    assert "Role and standing" not in text  # 4
    with pytest.raises(InputError, match="common responses"):
        figures.confusion_flow_figure(matches, least=51)


@pytest.mark.parametrize("kind", ["svg", "pdf", "png"])
def test_files_of_a_figure_are_the_same_each_time(made, kind):
    figure = figures.axis_figure(made.axis.shares)
    assert figures.figure_bytes(figure, kind) == figures.figure_bytes(figure, kind)
