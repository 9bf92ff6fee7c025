"""The first screen: what it says follows from the figures, and nothing is said of nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins

from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.publish import Private, keep_private, publish
from iapt_topics.publish.disclosure import EXACT
from iapt_topics.publish.published import with_looks
from iapt_topics.report import findings, trust
from iapt_topics.report.changes import theme_changes


@pytest.fixture(scope="module")
def version():
    survey = standins.responses()
    coded = standins.codes(survey)
    study = standins.study_of(
        responses=survey, codes=coded, drift=standins.drift(survey, coded),
        axis_drift=standins.axis_drift(survey, coded), comparison=standins.comparison(),
        benchmark=standins.comparison("coder A", "coder B", 0.1),
    )  # fmt: skip
    return keep_private(study)


def with_tables(version, **tables):
    kept = {k: v for k, v in (dict(version.tables) | tables).items() if v is not None}
    return Private(tables=kept, about=version.about, disclosure=EXACT)


def told(version):
    return " ".join(findings.key_findings(version, theme_changes(version))).replace("\u00a0", " ")


def poles(*gaps, low=0.05):
    years = standins.YEARS[: len(gaps)]
    gap = pd.DataFrame({"year": years, "estimate": gaps, "n": 100, "status": "shown", "note": ""})
    gap = gap.assign(low=gap["estimate"] - low, high=gap["estimate"] + low)
    shares = pd.DataFrame(
        [{"theme": t, "year": y, "estimate": 0.3 + (t == "S") * g, "low": 0.2, "high": 0.4,
          "n": 100, "status": "shown"} for y, g in zip(years, gaps, strict=True) for t in "IS"]
    )  # fmt: skip
    return {"pole_difference": gap, "pole_shares": shares}


def test_the_poles_are_told_by_their_difference(version):
    said = told(with_tables(version, **poles(0.1, 0.1, 0.1, 0.1, 0.2)))
    assert (
        "The system was mentioned more often than Professional identity in every wave: in 2018, "
        "50 % and 30 % of responses (difference 20.0 points, 95 % CI 15.0 to 25.0)." in said
    )
    said = told(with_tables(version, **poles(0.1, -0.1, 0.1, 0.1, -0.2)))
    assert "Professional identity was mentioned more often than The system in 2 of the 5" in said
    assert "(difference 20.0 points, 95 % CI 15.0 to 25.0)" in said
    said = told(with_tables(version, **poles(0.1, 0.1, 0.1, 0.1, 0.02)))
    assert "In 2018, we found no clear difference between Professional identity (30 %" in said
    assert "mentioned" not in told(with_tables(version, pole_difference=None))


def test_changes_in_machine_codes_are_counted_and_said_not_to_be_checked(version):
    changes = version.tables["drift_changes"]
    first = changes["theme"].iloc[0]
    none = with_tables(version, drift_changes=changes.assign(p_bh=0.5))
    assert "Between 2014 and 2018, none of 9 themes differ in machine codes" in told(none)
    one = with_tables(
        version, drift_changes=changes.assign(p_bh=np.where(changes["theme"] == first, 0.01, 0.5))
    )
    assert "1 of 9 themes differs in machine codes (adjusted p < .05). No change was" in told(one)
    for word in ("changed", "rose", "fell"):
        assert word not in told(one)
    assert not any(c.significant for c in theme_changes(one))


def corrected(version, *, themes=9):
    """Corrected figures of some themes: a rise of 10 points in the first, none in the others."""
    changes = version.tables["drift_changes"]
    names = list(dict.fromkeys(changes["theme"]))
    known = changes["theme"].isin(names[:themes])
    found = np.where(changes["theme"] == names[0], "rose", "no significant change")
    changes = changes.assign(
        checked=np.where(known, "corrected", "not checked"),
        finding=np.where(known, found, "not checked"),
    )
    rows = changes[known & (changes["kind"] == "baseline")].reset_index(drop=True)
    rise = np.where(rows["theme"] == names[0], 0.1, 0.0)
    table = rows[["theme", "year", "against", "finding", "p_bh"]].assign(
        estimate=rise, low=rise - 0.03, high=rise + 0.03, status="shown", note="", n=100
    )
    shares = version.tables["drift_shares"].assign(estimate=0.2, low=0.1, high=0.3)
    return {"drift_changes": changes, "corrected_changes": table, "corrected_shares": shares}


def test_corrected_changes_lead_and_the_machine_s_are_said_not_to_be_checked(version):
    shown = theme_changes(with_tables(version, **corrected(version)))
    assert all(c.corrected for c in shown)
    assert [c.kind for c in shown] == ["up", *["level"] * (len(shown) - 1)]
    assert shown[0].first == (0.2, 0.1, 0.3)
    said = told(with_tables(version, **corrected(version)))
    assert "Between 2014 and 2018, corrected by human codes, 1 of 9 themes changed" in said
    assert "not checked" not in said
    assert shown[0].words.replace("\u00a0", " ") == ("rose by 10.0 points (95 % CI +7.0 to +13.0)")
    some = with_tables(version, **corrected(version, themes=4))
    assert {c.kind for c in theme_changes(some)} == {"up", "level", "alone"}
    assert "corrected by human codes, 1 of 4 themes changed" in told(some)
    assert "5 further themes were not checked against human codes." in told(some)


def test_the_badge_says_how_far_the_machine_was_checked(version):
    badge = findings.validity(version)
    assert badge.words in ("CHECKED AGAINST PEOPLE", "LOW AGREEMENT WITH PEOPLE")
    assert "hand-coded responses; macro-F1 ." in badge.figures
    assert "between two people ." in badge.figures
    none = findings.validity(with_tables(version, agreement_overall=None))
    assert none.words == "NOT VALIDATED"
    assert "0 responses were coded by people" in none.figures
    overall = version.tables["agreement_overall"].assign(estimate=np.nan)
    assert findings.validity(with_tables(version, agreement_overall=overall)).kind == "bad"


def test_only_alerts_that_matter_are_given(version):
    quiet = version.tables["drift_shares"].assign(n=500)
    quality = version.tables["response_quality"].assign(p_bh=0.5)
    mix = version.tables["respondent_mix"].assign(p_bh=0.5)
    totals = pd.DataFrame({"status": ["read", "kept", "people"], "n": [500, 400, 400], "note": ""})
    parts = {"drift_shares": quiet, "response_quality": quality, "respondent_mix": mix,
             "ledger_totals": totals}  # fmt: skip

    def words(panel=False, **changed):
        made = with_tables(version, **(parts | changed))
        made = replace(made, about=replace(version.about, panel=panel))
        return [a.words for a in findings.alerts(made)]

    assert words() == []

    (said,) = words(respondent_mix=mix.assign(p_bh=np.where(mix["level"] == "PWP", 0.01, 0.5)))
    assert "respondent mix changed between waves (PWP)" in said
    (said,) = words(drift_shares=quiet.assign(n=np.where(quiet["year"] == 2015, 60, 500)))
    assert said == "Fewer than 100 responses in 2015: only large changes can be detected."
    again = totals.assign(n=[500, 400, 300])
    assert words(ledger_totals=again) == []  # a few who recur are no panel
    (said,) = words(panel=True, ledger_totals=again)
    assert "400 responses from 300 respondents" in said
    more = pd.concat([totals, totals.iloc[:1].assign(status="not_codable", n=60)])
    (said,) = words(ledger_totals=more)
    assert "60 responses are in another language" in said
    pairs = version.tables["topic_mapping"].assign(theme="")
    (said,) = words(topic_mapping=pairs)
    assert "match no theme: the codebook may not fit" in said


def test_where_nothing_can_be_shown_that_is_the_finding():
    survey = standins.responses(n=68)
    shown = publish(standins.study_of(responses=survey), quotes=False)
    assert "too small for any figure by theme to be published" in told(shown)


def test_a_change_of_one_wave_is_none():
    survey = standins.responses(n=700, years=(2016,))
    version = keep_private(standins.study_of(responses=survey))
    assert theme_changes(version) == []
    assert told(version).startswith("The most frequent themes were ")


def test_inputs_are_left_as_they_are(version):
    before = {k: v.copy() for k, v in version.tables.items()}
    told(version), findings.alerts(version)
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, version.tables[name])
    assert replace(version, quotes=()).tables is version.tables


def test_what_the_machine_may_code_alone_is_told_exactly_and_by_published_counts(version):
    survey = standins.responses()
    coded = standins.codes(survey)
    human = replace(coded, coder="person", kind="human")
    result = compare_codes(human, coded, responses=survey, n_boot=10)
    study = standins.study_of(responses=survey, codes=coded, comparison=result, human=(human,))
    private = keep_private(study)
    table = private.tables["certificate"]
    assert table["verdict"].eq("automate").all()  # who agrees with themselves
    n = len(table)
    said = f"The machine may code {n} of {n} themes alone"
    assert said in findings.validity(private).figures
    assert trust.certificate_grid(private).rows[0][1] == "automate"
    public = publish(study)
    # What is published is worked out from published counts: a verdict, a bound, and no count.
    table = public.tables["certificate"]
    assert list(table) == ["theme", "label", "verdict", "precision_low"]
    shown = public.tables["agreement_themes"].set_index("theme")["status"] == "shown"
    assert table.loc[~table["theme"].map(shown), "verdict"].eq("suppressed").all()
    able = int(table["verdict"].eq("automate").sum())
    n_shown = int(table["verdict"].ne("suppressed").sum())
    said = f"The machine may code {able or 'none'} of {n_shown} themes"
    assert said in findings.validity(public).figures
    assert len(trust.certificate_grid(public).rows) == n
    none = private.tables["certificate"].assign(verdict="not enough evidence")
    words = trust.certified_words(with_tables(private, certificate=none))
    assert words.startswith(f"The machine may code none of {n} themes alone")
    assert words.endswith(f"for {n} the hand codes are too few to tell.")
    # Which look at the codes it was, where that is known, and what it does to the confidence.
    for whole in (private, public):
        once, again = with_looks(whole, 1), with_looks(whole, 3)
        assert set(once.tables["certificate"]["looks"]) == {1}
        assert "look" not in trust.certified_words(once)
        assert "This was look 3 at these hand codes" in trust.certified_words(again)
        assert "look 3" in findings.validity(again).figures
        assert "look 3" in trust.certificate_grid(again).note
        assert with_looks(whole, 0) is whole
    assert "certificate" not in version.tables  # without hand codes
