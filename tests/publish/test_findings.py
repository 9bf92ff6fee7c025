"""What is called found: changes corrected by people's codes, never the machine's alone."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins
from coded_surveys import make as coded
from coded_surveys import survey as coded_survey
from scipy.stats import chi2
from test_publish import THEMES, crafted, dealt

from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.cli._summary import change_lines, summarise
from iapt_topics.codes.codes import Codes
from iapt_topics.codes.hand_sample import evenly_drawn_themes
from iapt_topics.drift.machine_error import error_by_year
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.figures import changes_figure
from iapt_topics.publish import publish
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import link_counts
from iapt_topics.publish.disclosure import STRICT
from iapt_topics.publish.of_drift import _shares_by_year
from iapt_topics.publish.year_model import year_model
from iapt_topics.report import write_report
from iapt_topics.study.study import Study
from iapt_topics.study.tables import model_shares

#: Place of S1, the theme that changes.
FIRST = THEMES.index("S1")
YEARS = 2014 + np.arange(5)
RECALL = np.array([0.5, 0.55, 0.6, 0.65, 0.7])


def drifting_machine(
    seed: int, *, n: int = 300, by_hand: int = 60, change: float = 0.0, picked: bool = False
) -> Study:
    """A survey in which people change by ``change``, and the machine finds more each year."""
    rng = np.random.default_rng(seed)
    year = np.repeat(np.arange(5), n)
    share = 0.2 + change * year[:, None] / 4 * (np.arange(3) == FIRST)
    true = rng.random((len(year), 3)) < share
    machine = np.where(true, rng.random(true.shape) < RECALL[year][:, None], False)
    codes, responses = coded_survey(YEARS[year], machine)
    ids = codes.seen["response_id"].to_numpy()
    names = dict(zip(codes.themes, THEMES, strict=True))
    codes = replace(
        codes, themes=THEMES, table=codes.table.assign(theme=codes.table["theme"].map(names))
    )
    topics, mapping = dealt(ids.tolist(), np.zeros(len(ids), int), np.full(len(ids), 0.9), 1)
    parts = {"responses": responses, "codes": codes, "topics": topics, "mapping": mapping}
    if by_hand:
        drawn = np.concatenate(
            [np.sort(rng.choice(np.flatnonzero(year == y), by_hand, False)) for y in range(5)]
        )
        people = coded(true[drawn], coder="Ann", themes=THEMES, ids=ids[drawn], people=ids[drawn])
        people = people.with_respondents(responses)
        if picked:
            people = replace(people, picked=frozenset(ids[drawn]))
        parts |= {
            "human": (people,),
            "comparison": compare_codes(people, codes, responses=responses, n_boot=20),
        }
    return standins.study_of(**parts)


def page_of(study: Study, folder) -> str:
    path = write_report(folder / "report.html", publish(study, "strict"))
    tags = r"<style.*?</style>|<script.*?</script>|<[^>]+>"
    text = re.sub(tags, "", path.read_text("utf-8"), flags=re.DOTALL)
    return " ".join(html.unescape(text).split())


@pytest.mark.slow
@pytest.mark.parametrize("more", [{"by_hand": 0}, {"by_hand": 60, "picked": True}])
def test_without_a_random_hand_sample_nothing_is_found_and_every_change_is_not_checked(
    more, tmp_path
):
    study = drifting_machine(1, n=1000, **more)
    changes = publish(study, "strict").tables["drift_changes"]
    # By the machine's codes alone some would be: it found more of each theme, year by year.
    assert (changes["p_bh"] < 0.05).any()
    assert set(changes["checked"]) == {"not checked"}
    assert set(changes["finding"]) <= {"not checked", ""}
    for name in ("drift_trends", "drift_distances"):
        assert set(study.tables[name]["checked"]) == {"not checked"}
    text = page_of(study, tmp_path)
    assert re.search(r"Not checked: \d changes? rests? on machine codes alone", text)
    assert "not checked (more by machine codes)" in text
    assert not re.search(r"changed significantly|No theme changed", text)
    assert not re.search(r"\b(rose|fell) by", text)
    lines = change_lines(summarise(study))
    assert lines[0].startswith("Not checked against human codes of a random sample: 3 themes")
    assert not [line for line in lines if "themes changed" in line]


def test_with_a_random_hand_sample_the_corrected_change_leads(tmp_path):
    study = drifting_machine(2, n=600, by_hand=300, change=0.35)
    published = publish(study, "strict")
    for tables in (study.tables, published.tables):
        rows = tables["drift_changes"].query("kind == 'baseline' and year == 2018")
        rows = rows.set_index("theme")
        assert rows.loc["S1", ["checked", "finding"]].tolist() == ["corrected", "rose"]
        others = rows.drop("S1")
        assert (others["finding"] == "no significant change").all()
        assert (others["p_bh"] < 0.05).any()  # by the machine alone
        table = tables["corrected_changes"].query("year == 2018").set_index("theme")
        row = table.loc["S1"]
        assert row["low"] < 0.35 < row["high"]
        assert row["p"] < 0.001
        assert row["family"] == "corrected change against the baseline: all themes and years"
        assert set(tables["error_by_year"]["differs"]) <= {"yes", "no"}
    text = page_of(study, tmp_path)
    assert re.search(
        r"1 of 3 themes changed significantly .{0,30}, as corrected by human codes", text
    )
    size = published.tables["corrected_changes"].query("theme == 'S1' and year == 2018")["estimate"]
    assert f"rose by {100 * size.iloc[0]:.1f} points" in text
    lines = change_lines(summarise(study))
    assert lines[0].startswith("1 of 3 themes changed from 2014 to 2018, corrected by human codes")
    assert lines[1].startswith("  S1 ")
    said = "Linear trend over all years as corrected by human codes (adjusted p < .05): S1."
    assert lines[-1] == said
    # So it is with trends: the machine finds one in each theme, people in S1 alone.
    for tables in (study.tables, published.tables):
        trends = tables["drift_trends"].set_index(["test", "theme"])
        assert set(trends["checked"]) == {"corrected"}
        linear = trends.loc["linear"]
        assert linear.loc["S1", "finding"] == "rose"
        assert (linear.drop("S1")["finding"] == "no significant change").all()
        assert (linear.drop("S1")["p_bh"] < 0.05).any()
        assert trends.loc[("omnibus", "S1"), "finding"] == "changed"
        row = tables["corrected_trends"].set_index(["test", "theme"]).loc[("linear", "S1")]
        assert row["low"] < 0.35 / 4 < row["high"]
        assert row["machine"] == linear.loc["S1", "estimate"]
        assert row["family"] == "corrected linear trend: all themes"
        assert row["n"] == pytest.approx(1500, rel=0.02)
    assert "Over all waves, as corrected by human codes:Targets" in text
    assert re.search(r"rose by \d\.\d points a year", text)
    assert "Over all waves, by machine codes" not in text
    assert "Trends over all years, corrected" in text


def test_a_published_corrected_trend_follows_from_published_figures_alone():
    study = drifting_machine(2, n=600, by_hand=300, change=0.35)
    tables = publish(study, "strict").tables
    shares = tables["corrected_shares"].query("theme == 'S1'").sort_values("year")
    row = tables["corrected_trends"].set_index(["test", "theme"]).loc[("linear", "S1")]
    n = tables["drift_shares"].query("theme == 'S1'").sort_values("year")["n"].to_numpy(float)
    centred = YEARS - np.average(YEARS, weights=n)
    slope = n * centred / (n * centred**2).sum()
    assert row["estimate"] == pytest.approx(slope @ shares["estimate"].to_numpy(), abs=1e-9)
    parts = (shares["high"] - shares["low"]).to_numpy() / 2
    assert row["high"] - row["low"] == pytest.approx(2 * np.hypot.reduce(slope * parts), rel=0.05)


@pytest.mark.slow
def test_a_year_without_hand_codes_leaves_the_trend_unchecked(tmp_path):
    study = drifting_machine(2, n=600, by_hand=300, change=0.35)
    human = study.human[0]
    year = study.responses.table.set_index("response_id")["year"]
    use = human.seen["response_id"].map(year) != 2016
    seen = human.seen[use]
    table = human.table[human.table["response_id"].isin(seen["response_id"])]
    human = replace(human, seen=seen, table=table)
    less = standins.study_of(
        responses=study.responses, codes=study.codes, topics=study.topics, human=(human,),
        mapping=study.mapping,
        comparison=compare_codes(human, study.codes, responses=study.responses, n_boot=20),
    )  # fmt: skip
    published = publish(less, "strict")
    for tables in (less.tables, published.tables):
        assert set(tables["drift_trends"]["checked"]) == {"not checked"}
        assert tables["corrected_trends"]["estimate"].isna().all()
        assert set(tables["corrected_trends"]["finding"]) == {""}
        assert "rose" in set(tables["drift_changes"]["finding"])
    text = page_of(less, tmp_path)
    assert "Over all waves, by machine codes, not checked by people:" in text
    assert "points a year" in text
    assert not re.search(r"(rose|fell) by \d\.\d points a year", text)


@pytest.mark.slow
def test_the_error_by_year_is_found_where_there_are_hand_codes_enough():
    table = drifting_machine(3, n=1500, by_hand=1200).tables["error_by_year"].set_index("theme")
    assert (table["p_bh"] < 0.05).sum() >= 2
    assert (table["differs"] == "yes").equals(table["p_bh"] < 0.05)
    # Recall .5 to .7 of a fifth: the machine's error moves by .04.
    assert table["estimate"].between(0.01, 0.09).all()


@pytest.mark.slow
def test_codes_that_do_not_look_like_a_random_sample_say_so_where_they_are_read():
    study = drifting_machine(4, n=600, by_hand=0)
    codes, responses = study.codes, study.responses
    # Ann coded what the machine gave S1 to, and a little besides.
    has = codes.table.loc[codes.table["theme"] == "S1", "response_id"]
    ids = np.array(sorted({*has, *responses.kept["response_id"][::7]}))
    cells = np.isin(ids, has)[:, None] & (np.arange(3) == FIRST)
    human = coded(cells, coder="Ann", themes=THEMES, ids=ids, people=ids)
    human = human.with_respondents(responses)
    study = standins.study_of(
        responses=responses, codes=codes, human=(human,), topics=study.topics,
        mapping=study.mapping,
        comparison=compare_codes(human, codes, responses=responses, n_boot=20),
    )  # fmt: skip
    for tables in (study.tables, publish(study, "strict").tables):
        rows = tables["corrected_changes"].query("theme == 'S1'")
        assert set(rows["sample"]) == {"unlike the survey"}
        assert rows["note"].str.contains("check the sampling").any()
        changes = tables["drift_changes"].query("theme == 'S1'")
        assert set(changes["finding"]) <= {"not checked", ""}


def test_people_who_coded_everything_are_no_odd_sample():
    study = drifting_machine(5, n=300, by_hand=300)
    assert set(study.tables["corrected_shares"]["sample"]) == {"random"}
    assert "not checked" not in set(
        study.tables["drift_changes"].query("kind == 'baseline'")["checked"]
    )


def test_codes_of_people_need_no_check():
    study = drifting_machine(6, by_hand=0)
    people = Codes(
        coder="Ann", kind="human", themes=THEMES, seen=study.codes.seen, table=study.codes.table
    )
    tables = standins.study_of(
        responses=study.responses, codes=people, topics=study.topics, mapping=study.mapping
    ).tables
    assert set(tables["drift_changes"]["checked"]) == {"human codes"}
    assert set(tables["drift_changes"]["finding"]) <= {"rose", "fell", "no significant change"}
    assert set(tables["drift_trends"]["checked"]) == {"human codes"}


@pytest.mark.slow
def test_an_error_that_is_the_same_in_all_years_is_seldom_found():
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true = rng.random((300, 3)) < 0.3
        machine = true & (rng.random(true.shape) < 0.6)
        year = np.repeat(YEARS, 60)
        codes, responses = coded_survey(year, machine)
        ids = codes.seen["response_id"].to_numpy()
        people = coded(true, themes=codes.themes, ids=ids, people=ids)
        found += list(error_by_year(codes, people, responses)["p"])
    assert np.mean(pd.Series(found) < 0.05) < 0.1


def panel(seed: int, *, n: int = 300, waves: int = 2, stable: float = 0.5) -> Study:
    """The same people in each wave; ``stable`` of them say the same of a theme in all."""
    rng = np.random.default_rng(seed)
    share = np.array([0.2, 0.3, 0.4])
    always = rng.random((n, 3)) < share
    keeps = rng.random((n, 3)) < stable
    given = [np.where(keeps, always, rng.random((n, 3)) < share) for _ in range(waves)]
    codes, responses = coded_survey(
        np.repeat(YEARS[:waves], n), np.concatenate(given), person=np.tile(np.arange(n), waves)
    )
    names = dict(zip(codes.themes, THEMES, strict=True))
    codes = replace(
        codes, themes=THEMES, table=codes.table.assign(theme=codes.table["theme"].map(names))
    )
    ids = codes.seen["response_id"].tolist()
    topics, mapping = dealt(ids, np.zeros(len(ids), int), np.full(len(ids), 0.9), 1)
    return standins.study_of(responses=responses, codes=codes, topics=topics, mapping=mapping)


def test_a_panel_is_recognised_and_its_published_intervals_allow_for_it(tmp_path):
    study = panel(1)
    assert study.about.panel
    assert not drifting_machine(1, by_hand=0).about.panel
    published = publish(study, "strict")
    exact = study.tables["drift_changes"].query("kind == 'baseline'")
    shown = published.tables["drift_changes"].query("kind == 'baseline'")
    ratio = ((shown["high"] - shown["low"]) / (exact["high"] - exact["low"])).to_numpy()
    assert ((ratio > 0.98) & (ratio < 1.25)).all()  # before: sqrt(1 / (1 - .5)) = 1.41
    table = published.tables["panel_changes"]
    beside = study.tables["panel_changes"]
    assert set(beside.columns) >= {"gained", "lost", "p", "changed"}
    assert not {"gained", "lost", "both", "p"} & set(table.columns)
    assert (table["n"] == 300).all()
    np.testing.assert_allclose(table["estimate"], beside["estimate"], atol=5.01 / 300)
    text = page_of(study, tmp_path)
    assert "This survey is a panel: respondents recur between waves." in text
    assert "the same respondents" in text
    assert any(line.startswith("A panel:") for line in change_lines(summarise(study)))


@pytest.mark.slow
def test_p_and_interval_of_a_panel_agree():
    apart = 0
    for seed in range(8):
        rows = publish(panel(seed), "strict").tables["drift_changes"]
        clear = (rows["low"] > 0) | (rows["high"] < 0)
        apart += int((clear != (rows["p"] < 0.05)).sum())
    assert apart <= 1  # of 48; a third of the significant ones before


def test_the_correlation_of_a_panel_is_coarse_and_never_above_the_exact_one():
    study = panel(3, waves=3)
    cells = Cells(link_counts(study), frozenset(), STRICT)
    shares = cells_shares(study, cells)
    model = year_model(shares, study.codes, cells).model
    wave = {i: y for y, ids in enumerate(cells.counts.by_year.values()) for i in ids}
    exact = model_shares(study.codes, cells.counts.cluster, wave)[1].correlation
    off = ~np.eye(3, dtype=bool)
    assert (model.correlation[:, off] <= exact[:, off] + 1e-9).all()
    # With 300 people, 10 respondents with a theme of 20 to 40 % are a step of .15 to .25 or so.
    parts = model.correlation[:, off] / 0.05
    np.testing.assert_allclose(parts, parts.round(), atol=1e-9)
    assert (model.correlation[:, off] >= exact[:, off] - 0.3).all()
    assert model.correlation[:, off].max() > 0.3
    assert (np.linalg.eigvalsh(model.correlation) > 0).all()


def cells_shares(study: Study, cells: Cells) -> pd.DataFrame:
    return _shares_by_year(study.tables["drift_shares"], cells, "theme")


@pytest.mark.slow
def test_changes_of_a_panel_and_at_a_fixed_mix_are_checked_by_hand_codes(tmp_path):
    rng = np.random.default_rng(5)
    n, year = 500, np.repeat([0, 1], 500)
    before = rng.random((n, 3)) < 0.3
    after = before | (rng.random((n, 3)) < 0.4) & (np.arange(3) == FIRST)  # S1 alone rises
    true = np.concatenate([before, after])
    machine = true & (rng.random(true.shape) < np.array([0.5, 0.9])[year][:, None])
    codes, responses = coded_survey(YEARS[year], machine, person=np.tile(np.arange(n), 2))
    table = responses.table.assign(role=np.tile(["a", "b"], n))
    responses = replace(responses, table=table)
    names = dict(zip(codes.themes, THEMES, strict=True))
    codes = replace(
        codes, themes=THEMES, table=codes.table.assign(theme=codes.table["theme"].map(names))
    )
    ids = codes.seen["response_id"].to_numpy()
    topics, mapping = dealt(ids.tolist(), np.zeros(2 * n, int), np.full(2 * n, 0.9), 1)
    who = np.sort(rng.choice(n, 300, replace=False))
    drawn = np.concatenate([who, who + n])
    people = coded(true[drawn], coder="Ann", themes=THEMES, ids=ids[drawn], people=ids[drawn])
    people = people.with_respondents(responses)
    parts = {"responses": responses, "codes": codes, "topics": topics, "mapping": mapping}
    parts |= {"standardised": standardise_drift(codes, responses, ["role"])}
    alone = standins.study_of(**parts)
    for name in ("panel", "standardised"):
        assert set(alone.tables[f"{name}_changes"]["finding"]) == {"not checked"}
        assert f"{name}_corrected" not in alone.tables
    compared = compare_codes(people, codes, responses=responses, n_boot=20)
    study = standins.study_of(**parts, human=(people,), comparison=compared)
    published = publish(study, "default")
    for name in ("panel", "standardised"):
        exact = study.tables[f"{name}_corrected"].set_index("theme")
        assert (exact["low"] < exact["estimate"]).all()
        assert exact.loc["S1", "low"] > 0.1
        assert f"{name}_corrected" not in published.tables
        for tables in (study.tables, published.tables):
            rows = tables[f"{name}_changes"].set_index("theme")
            assert (rows["changed"] == "yes").all()  # by the machine alone
            assert set(rows["checked"]) == {"corrected"}
            assert rows["finding"].drop("S1").eq("no significant change").all()
            assert rows.loc["S1", "finding"] == "rose"
    text = page_of(study, tmp_path)
    assert "As corrected by human codes, 1 of 3 themes changed significantly at a fixed mix" in text


@pytest.mark.slow
def test_what_no_hand_code_corrects_keeps_no_machine_figure_in_a_corrected_table():
    study = drifting_machine(2, n=200, by_hand=60)
    human = study.human[0]
    some = replace(human, themes=THEMES[:2], table=human.table[human.table["theme"] != THEMES[2]])
    responses = replace(study.responses, table=study.responses.table.assign(role="a"))
    fixed = standardise_drift(study.codes, responses, ["role"])
    less = standins.study_of(
        responses=responses, codes=study.codes, topics=study.topics, mapping=study.mapping,
        human=(some,), standardised=fixed,
        comparison=compare_codes(some, study.codes, responses=responses, n_boot=20),
    )  # fmt: skip
    table = less.tables["standardised_corrected"].set_index("theme")
    assert (
        table.loc[THEMES[2], ["estimate", "low", "high", "p", "p_bh", "crude"]]
        .isna()
        .all(axis=None)
    )
    assert set(table.loc[THEMES[2], "finding"]) == {""}
    assert table.loc[THEMES[0], "estimate"].notna().all()
    rows = less.tables["standardised_changes"].set_index("theme")
    assert set(rows.loc[THEMES[2], "checked"]) == {"not checked"}


def drawn_for_s1(seed: int) -> Study:
    """That of :func:`drifting_machine`; of what has S1 by the machine half, else an eighth."""
    study = drifting_machine(seed, n=1000, by_hand=1000, change=0.35)
    codes, human = study.codes, study.human[0]
    ids = human.seen["response_id"].to_numpy()
    has = codes.matrix(ids.tolist(), ["S1"])[:, 0]
    chance = np.where(has, 0.5, 0.125)
    year = study.responses.table.set_index("response_id")["year"].loc[ids].to_numpy()
    rng, rows = np.random.default_rng(seed), []
    for y in YEARS:
        for group in (has, ~has):
            at = np.flatnonzero(group & (year == y))
            rows.append(rng.choice(at, round(chance[at[0]] * len(at)), replace=False))
    at = np.sort(np.concatenate(rows))
    seen = human.seen.iloc[at].assign(inclusion_probability=chance[at])
    table = human.table[human.table["response_id"].isin(seen["response_id"])]
    human = replace(human, seen=seen, table=table)
    return standins.study_of(
        responses=study.responses, codes=codes, topics=study.topics, mapping=study.mapping,
        human=(human,), comparison=compare_codes(human, codes, responses=study.responses, n_boot=20)
    )  # fmt: skip


@pytest.mark.slow
def test_a_sample_for_one_theme_corrects_that_theme_in_public_and_the_others_in_private(tmp_path):
    study = drawn_for_s1(2)
    assert evenly_drawn_themes(study.human[0], study.codes, study.responses) == {"S1"}
    published = publish(study, "default").tables
    exact = study.tables["corrected_shares"].set_index(["theme", "year"])
    shown = published["corrected_shares"].set_index(["theme", "year"])
    # Within a class of the machine's code all had one probability: no weight is needed.
    pair = (t.loc["S1", ["estimate", "low", "high"]].to_numpy() for t in (shown, exact))
    np.testing.assert_allclose(*pair, atol=0.02)
    others = shown.drop("S1", level="theme")
    assert set(shown.loc["S1", "sample"]) == {"random"}
    assert set(others["sample"]) == {"unequal probabilities"}
    assert others[["estimate", "low", "high", "n"]].isna().all(axis=None)
    assert set(others["status"]) == {"not estimable"}
    assert others["note"].str.contains("private tables alone").all()
    assert exact["estimate"].notna().all()
    for name in ("changes", "trends"):
        rows = published[f"corrected_{name}"].set_index("theme")
        assert rows.loc["S1", "estimate"].notna().all()
        assert rows.drop("S1")["estimate"].isna().all()
        assert set(rows.drop("S1")["finding"]) == {""}
        machine = published[f"drift_{name}"].set_index("theme")
        assert "rose" in set(machine.loc["S1", "finding"])
        assert set(machine.drop("S1")["checked"]) == {"not checked"}
    assert "error_by_year" not in published  # whose codes would need weights
    text = page_of(study, tmp_path)
    assert "the corrected changes of 2 themes are in the private report alone" in text


def test_a_sheet_of_both_parts_is_corrected_in_private_and_says_so(tmp_path):
    study = drifting_machine(2, n=600, by_hand=300, change=0.35)
    human = study.human[0]
    some = replace(human, picked=frozenset(human.seen["response_id"][:20]))
    both = standins.study_of(
        responses=study.responses, codes=study.codes, topics=study.topics, mapping=study.mapping,
        human=(some,), comparison=study.comparison,
    )  # fmt: skip
    tables = publish(both, "strict").tables
    assert both.tables["corrected_shares"]["estimate"].notna().all()
    assert tables["corrected_shares"]["estimate"].isna().all()
    assert set(tables["drift_changes"]["checked"]) == {"not checked"}
    text = page_of(both, tmp_path)
    assert "the corrected changes of 3 themes are in the private report alone" in text


def test_few_people_in_both_years_are_no_panel_that_is_shown():
    tables = publish(panel(4, n=20), "strict").tables
    assert tables["panel_changes"][["estimate"]].isna().all(axis=None)
    assert set(tables["panel_changes"]["status"]) <= {"small base", "suppressed"}


def test_p_of_the_respondent_mix_follows_from_the_published_counts():
    # 62 and 58 of 200 round to 60: neither p tells them apart.
    def mix(first: int, second: int) -> pd.DataFrame:
        groups = [
            {"n": n, "year": year, "machine": (), "role": role}
            for year, of in ((2014, first), (2015, second))
            for role, n in (("a", of), ("b", 200 - of))
        ]
        made = crafted(*groups)
        table = made["responses"].table
        made["responses"] = replace(made["responses"], table=table)
        return publish(standins.study_of(**made), "strict").tables["respondent_mix"]

    rows = mix(62, 98)
    pd.testing.assert_frame_equal(rows, mix(58, 102))
    # Pearson's chi-square of 60 and 100 of 200, with the variance of rounding on top.
    pooled = 160 / 400
    variance = pooled * (1 - pooled) * 2 / 200
    variance += 2 * (2 + 0.3**2 + 0.5**2) / 200**2
    p = float(chi2.sf(0.2**2 / variance, 1))
    assert rows["p"].iloc[0] == pytest.approx(max(round(p, 3), 0.0005), abs=1e-9)


def test_the_figure_of_changes_says_whose_they_are_and_whether_they_were_checked():
    alone = drifting_machine(1, by_hand=0).tables["drift_changes"]
    people = alone.assign(checked="human codes")
    mixed = alone.assign(checked=np.where(alone["theme"] == "S1", "corrected", "not checked"))
    titles = []
    for table in (alone, people, mixed):
        rows = table.query("kind == 'baseline' and year == 2018")
        titles.append(changes_figure(rows).axes[0].get_title(loc="left"))
    assert titles[0].startswith("2018 against 2014, machine codes, not checked; filled")
    assert titles[1].startswith("2018 against 2014; filled")
    assert titles[2].startswith("2018 against 2014, machine codes, uncorrected; filled")


def test_one_wave_has_no_change_and_two_have_no_trend():
    facts = {"changes": [], "corrected_changes": [], "error_differs": [], "panel": False}
    facts |= {"standardised_changes": [], "standardise": [], "linear_trends": ["S1"]}
    facts |= {"linear_trends_unchecked": []}
    one = facts | {"baseline": 2016, "year": 2016, "years": [2016], "waves": {"2016": "2016"}}
    assert change_lines(one) == []
    assert change_lines(one, every=True) == [
        "Only one year was coded, so no change can be estimated."
    ]
    two = facts | {"baseline": 2016, "year": 2018, "years": [2016, 2018]}
    two |= {"waves": {"2016": "2016", "2018": "2018"}}
    assert change_lines(two) == []
