from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import standins

from iapt_topics import figures
from iapt_topics._base.errors import InputError
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.standardise import Standardised
from iapt_topics.pipeline.write import write_figures
from iapt_topics.publish import keep_private, publish
from iapt_topics.publish.disclosure import STRICT, parse_rule
from iapt_topics.report import (
    agreement_grids,
    change,
    drift_grids,
    sections,
    topic_map,
    write_report,
)
from iapt_topics.report import format as compute
from iapt_topics.report.pictures import last_changes

HOSTILE = (
    " <script>alert(1)</script> \"'><img src=http://evil.example/x onerror=go()> \x00 \u202eevil"
)
LABELS = {t.id: t.label for t in standins.frame().themes}
SECTIONS = (
    "key", "asked", "who", "themes", "poles", "change", "trust", "pages", "topics", "method",
    "withheld",
)  # fmt: skip


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.tags and self.tags[-1][0] not in {"style", "script"}:
            self.words.append(data)


def make(
    tmp_path, *, full: bool = True, synthetic: bool = True, extra: str = "", label=None,
    disclosure=10, quotes=None, **more,
):  # fmt: skip
    survey = standins.responses(synthetic, extra=extra)
    found = standins.topics(survey, label)
    coded = standins.codes(survey)
    if full:
        more = {
            "comparison": standins.comparison(),
            "benchmark": standins.comparison("coder A", "coder B", 0.1),
            "axis_drift": standins.axis_drift(survey, coded),
            **more,
        }
    more = {"drift": standins.drift(survey, coded)} | more
    study = standins.study_of(responses=survey, topics=found, codes=coded, **more)
    published = publish(study, disclosure, quotes=quotes)
    path = write_report(tmp_path / "new folder" / "report.html", published)
    return path, path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make(tmp_path_factory.mktemp("whole"))


def test_one_small_file_with_every_section(whole):
    path, text = whole
    page = Page(text)
    assert path.stat().st_size < 700_000
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    ids = [a.get("id") for tag, a in page.tags if tag == "section"]
    assert tuple(ids) == SECTIONS
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert "SYNTHETIC EXAMPLE DATA" in page.text
    assert "not compared" not in page.text
    assert "What this version leaves out" in page.text
    assert "PRIVATE" not in text


def test_totals_are_the_same_wherever_they_stand(whole):
    survey, page = standins.responses(), Page(whole[1])
    rows, kept = (STRICT.rounded(n) for n in (len(survey.table), len(survey)))
    assert f"{kept} responses from" in page.text
    assert f"The file has {rows} rows; {kept} responses from" in page.text
    assert re.search(r"Excluded: blank \(\d+\), non-answer \(\d+\), copy of own text", page.text)
    assert re.search(rf"all years {kept} \d+ \d+ 0 \d+ 0 {rows} Each count", page.text)
    tables = results(survey).tables
    drawn = figures.ledger_figure(tables["ledger"], tables["ledger_totals"])
    assert {f"rows read\nn = {rows}", f"analysed\nn = {kept}"} <= {
        t.get_text() for t in drawn.axes[0].texts
    }


def test_how_many_figures_are_suppressed_is_said_beside_them(whole):
    survey = standins.responses()
    coded = standins.codes(survey)
    shown = results(
        survey, drift=standins.drift(survey, coded), axis_drift=standins.axis_drift(survey, coded)
    )
    gone = len(hidden_cells(shown))
    said = f"{gone} of {len(shown.tables['drift_shares'])} yearly figures"
    assert said in Page(whole[1]).text


def test_steps_of_a_long_series_are_listed_by_the_names_of_the_waves():
    row = {"theme": "S1", "year": 3, "first": 1, "last": 8, "estimate": 0.1, "low": 0.04}
    row |= {"high": 0.16, "p_bh": 0.01}
    table = pd.DataFrame([row, row | {"theme": "S2", "p_bh": 0.4}])
    (found,) = drift_grids.steps_grid(table, LABELS, {1: "spring", 3: "autumn"}).rows
    assert found[:4] == ("Targets and performance", "autumn", "spring to 8", "+10.0")


def test_nothing_is_loaded_and_no_other_script_can_run(whole):
    page = Page(whole[1])
    assert [a for t, a in page.tags if t == "script"] == [{}]
    for tag, attrs in page.tags:
        assert tag not in {"link", "iframe", "object", "form"}
        assert not [a for a in attrs if a.startswith("on") or a == "style"]
        for name in ("src", "href"):
            assert (attrs.get(name) or "#").startswith("#")
    (policy,) = [a["content"] for t, a in page.tags if t == "meta" and "http-equiv" in a]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert len(re.findall("<script>(.*?)</script>", whole[1], re.S)[0].encode()) < 20_000
    for tag in ("script", "style"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", whole[1], re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_hostile_text_is_text(tmp_path):
    path, text = make(tmp_path, extra=HOSTILE, label="$x_ <script>bad()</script>")
    page = Page(text)
    assert "alert(1)" in page.text
    assert len([t for t, _ in page.tags if t == "script"]) == 1
    assert not [a for _, a in page.tags if "onerror" in a]
    assert "\x00" not in text
    assert "\u202e" not in text
    assert path.exists()


def test_real_surveys_show_quotes_only_on_request(tmp_path):
    _, silent = make(tmp_path, synthetic=False, full=False)
    assert "<blockquote" not in silent
    assert "SYNTHETIC" not in silent
    assert "This report has no quotes" in silent
    _, spoken = make(tmp_path, synthetic=False, full=False, quotes=True)
    assert "<blockquote" in spoken
    _, example = make(tmp_path, synthetic=True, full=False, quotes=False)
    assert "<blockquote" not in example


def test_parts_left_out_are_said_to_be(tmp_path):
    page = Page(make(tmp_path, full=False)[1])
    assert "NOT VALIDATED 0 responses were coded by people" in page.text
    assert page.text.casefold().count("machine and human codes were not compared") == 1
    assert "poles" not in [a.get("id") for tag, a in page.tags if tag == "section"]


def test_small_topic_has_no_words_quotes_or_count(whole):
    text = whole[1]
    assert "secretword" not in text
    assert "canteen" not in text
    assert "Fewer than 10 respondents: words and quotes are suppressed" in text
    # One topic suppressed: a second count is too, else the first could be had by subtraction.
    assert text.count("n = [c]") == 1


def test_rare_theme_is_hidden_everywhere(whole):
    survey = standins.responses()
    rare = standins.codes(survey).table.query("theme == @standins.RARE")["response_id"]
    assert 0 < survey.cluster_id.reindex(rare).nunique() < 10
    page = Page(whole[1])
    assert "Wish to leave Wellbeing INFERRED [c] 630 [c]" in page.text
    assert "Wish to leave [c] [c] [c] [c] – – – – suppressed" in page.text


def test_why_a_suppressed_theme_has_no_kappa_is_not_published():
    shown = results(standins.responses(), comparison=standins.comparison())
    row = shown.tables["agreement_themes"].set_index("theme").loc[standins.RARE]
    assert row["status"] == "suppressed"
    assert not row.astype(str).str.contains("few positives").any()


def test_switching_disclosure_control_off_is_said_in_a_banner(tmp_path, whole):
    assert "CONTROL IS OFF" not in Page(whole[1]).text
    page = Page(make(tmp_path, full=False, disclosure=1)[1])
    assert "DISCLOSURE CONTROL IS OFF" in page.text
    assert ("p", {"class": "banner", "role": "note"}) in page.tags
    assert "[c]" not in page.text.split("What do they talk about?")[-1].split("leaves out")[0]


def test_real_drift_and_agreement_fit_the_report(tmp_path):
    from iapt_topics.agreement.comparison import compare_codes
    from iapt_topics.codes.codes import Codes
    from iapt_topics.drift.drift import measure_drift

    survey, frame = standins.responses(), standins.frame()
    machine = standins.codes(survey)
    lost = machine.table.sample(frac=0.6, random_state=1).assign(score=np.nan)
    human = Codes(coder="human", kind="human", themes=machine.themes, seen=machine.seen, table=lost)
    axis = axis_codes(machine, frame)
    assert set(axis.table["response_id"]) == set(machine.seen["response_id"])
    study = standins.study_of(
        responses=survey,
        codes=machine,
        comparison=compare_codes(human, machine, n_boot=50),
        benchmark=compare_codes(human, human, n_boot=50),
        drift=measure_drift(machine, survey, n_boot=50),
        axis_drift=measure_drift(axis, survey, n_boot=50),
    )
    path = write_report(tmp_path / "r.html", publish(study))
    page = Page(path.read_text(encoding="utf-8"))
    assert "Krippendorff's alpha" in page.text
    assert "Every figure by wave is suppressed" not in page.text
    assert " nan" not in page.text.casefold()


def test_a_page_of_a_weighted_survey_says_so_once(tmp_path, whole):
    said = "carry the survey’s weights"
    assert said not in Page(whole[1]).text
    survey = standins.responses()
    weight = np.where(survey.table["role"] == "PWP", 0.8, 1.3)
    survey = replace(survey, table=survey.table.assign(weight=weight))
    path = write_report(tmp_path / "r.html", results(survey))
    assert Page(path.read_text(encoding="utf-8")).text.count(said) == 1


def test_people_are_counted_and_not_comments():
    survey = standins.responses()
    one = survey.kept[survey.kept["year"] == 2014]["response_id"].iloc[:20]
    people = survey.table["respondent_id"].mask(survey.table["response_id"].isin(one), "talkative")
    survey = replace(survey, table=survey.table.assign(respondent_id=people))
    coded = standins.codes(survey)
    seen = coded.seen.assign(respondent_id=survey.kept["respondent_id"].to_numpy())
    given = pd.DataFrame({"response_id": one, "theme": "S1", "score": 0.5})
    coded = replace(coded, seen=seen, table=given)
    shown = results(survey, codes=coded, drift=standins._drift(given, ("S1",), survey))
    assert ("S1", 2014) in hidden_cells(shown)


def test_no_percentage_on_a_small_base():
    survey = standins.responses(n=90)
    drift = standins.drift(survey, standins.codes(survey))
    rule = parse_rule(1)
    shares = results(survey, drift=drift, rule=rule).tables["drift_shares"]
    thin = shares["n"] < 30
    assert thin.any()
    grid = change.heat_map(results(survey, drift=drift, rule=rule))
    for column, year in enumerate(standins.YEARS, start=1):
        if thin[shares["year"] == year].all():
            assert all(re.fullmatch(r"\d+ of \d+", row[column]) for row in grid.rows)


def results(survey, *, rule=10, quotes=None, **parts):
    return publish(standins.study_of(responses=survey, **parts), rule, quotes=quotes)


def hidden_cells(published):
    """Theme and year of each share that is suppressed or has too small a base."""
    shares = published.tables["drift_shares"]
    gone = shares[shares["status"].isin(["suppressed", "small base"])]
    return set(zip(gone["theme"], gone["year"], strict=True))


def test_at_most_one_quote_per_person():
    survey = standins.responses()
    survey = replace(survey, table=survey.table.assign(respondent_id="p1"))
    assert len(results(survey, rule=1, quotes=True).quotes) == 1


def approval(ids, **columns):
    texts = standins.responses().table.set_index("response_id")["text"]
    given = {"text": [texts.get(i, "") for i in ids], "approved_by": "A. B.", "paraphrase": ""}
    return pd.DataFrame({"response_id": ids, **given, **columns})


def test_only_approved_quotes_are_printed_and_in_their_paraphrase():
    survey = standins.responses(synthetic=False)
    ids = survey.kept["response_id"].tolist()[10:13]
    sheet = approval(ids, approved_by=["A. B.", " ", None], paraphrase=["as was told", "", ""])
    before = sheet.copy()
    (quote,) = results(survey, quotes=sheet).quotes
    assert quote.text == "as was told"
    assert quote.paraphrase
    assert quote.year in {str(y) for y in standins.YEARS}
    pd.testing.assert_frame_equal(sheet, before)
    assert results(survey).quotes == ()


def test_words_that_a_response_does_not_say_are_not_printed_as_a_quote():
    survey = standins.responses(synthetic=False)
    first, second, third = survey.kept["response_id"].tolist()[10:13]
    sheet = approval([first, second, third])
    sheet.loc[1:, "text"] = ["I was bullied by my manager.", "Words of nobody."]
    with pytest.raises(
        InputError, match=rf"got other words in row 1: '{second}', row 2: '{third}'"
    ):
        results(survey, quotes=sheet)
    with pytest.raises(InputError, match="put other words under paraphrase"):
        results(survey, quotes=sheet.assign(paraphrase="Some other words."))
    sheet.loc[1:, "text"] = ""
    sheet.loc[1:, "paraphrase"] = ["It was hard.", ""]
    quotes = results(survey, quotes=sheet).quotes
    assert {(q.text, q.paraphrase) for q in quotes} == {
        (sheet.loc[0, "text"], False), ("It was hard.", True)
    }  # fmt: skip


def test_a_paraphrase_is_no_quote_on_the_page(tmp_path):
    survey = standins.responses(synthetic=False)
    ids = survey.kept["response_id"].tolist()[10:60]
    page = written_with(survey, tmp_path, approval(ids, paraphrase="It was hard."))
    assert "<blockquote" not in page
    assert re.search(
        r'<p class="paraphrase" dir="auto"><span class="key">Paraphrase</span> It', page
    )
    page = written_with(survey, tmp_path, approval(ids))
    assert "<blockquote" in page
    assert 'class="paraphrase"' not in page


def written_with(survey, folder, quotes):
    path = write_report(folder / "report.html", results(survey, quotes=quotes))
    return path.read_text("utf-8")


def test_no_quote_from_a_small_topic_and_no_theme_of_a_hidden_cell():
    survey = standins.responses()
    coded = standins.codes(survey)
    every = approval(survey.kept["response_id"].tolist())
    one = results(survey, drift=standins.drift(survey, coded), quotes=every)
    small = set(found_small(one))
    assert small
    assert not {q.topic for q in one.quotes} & small
    shown = {(t, int(q.year)) for q in one.quotes for t in q.themes}
    assert shown
    assert not shown & hidden_cells(one)
    assert standins.RARE not in {t for t, _ in shown}


def found_small(one):
    return set(one.tables["topics"]["topic"]) - set(one.topic_names) - {-1}


def test_quotes_of_other_responses_are_an_input_error():
    with pytest.raises(InputError, match="were kept"):
        results(standins.responses(), quotes=approval(["r0", "nobody"]))
    with pytest.raises(InputError, match="approved_by"):
        results(standins.responses(), quotes=approval(["r0"]).drop(columns="approved_by"))


def test_map_has_the_topics_that_may_be_shown_and_each_is_drawn():
    one = results(standins.responses())
    bubbles = topic_map.lay_out(one)
    assert {b.number for b in bubbles} == set(one.topic_names)
    assert 7 not in {b.number for b in bubbles}
    table = one.tables["topic_hexagons"]
    for b in bubbles:
        n = int((table["topic"] == b.number).sum())
        assert b.hexagons.count("<title>") == n
        counted = one.tables["topics"].set_index("topic").at[b.number, "n"] > 0
        assert (n > 0) == counted
    assert topic_map.lay_out(one) == bubbles
    left, top, width, height = map(float, topic_map.view_box(one).split())
    for x, y, side in table[["x", "y", "side"]].itertuples(index=False):
        assert left <= x - side <= x + side <= left + width
        assert top <= y - side <= y + side <= top + height


def test_the_outline_of_a_topic_is_round_its_hexagons():
    side, across = 10.0, np.sqrt(3) * 10
    rows = pd.DataFrame(
        {"topic": 1, "x": [50.0, 50 + across], "y": 50.0, "side": side, "count": 10}
    )
    outline = topic_map._drawn(rows, 20.0, {1: "a"}).split('d="')[-1]
    assert outline.count("M") == 10  # of twelve edges, two are where they meet
    assert topic_map._drawn(rows[:1], 20.0, {1: "a"}).split('d="')[-1].count("M") == 6


def test_every_response_is_on_the_private_map_and_none_on_the_public_one(tmp_path):
    survey = standins.responses(extra=HOSTILE)
    study = standins.study_of(responses=survey)
    page = write_report(tmp_path / "private.html", keep_private(study)).read_text("utf-8")
    (held,) = re.findall(r'<script type="application/json" id="responses">(.*?)</script>', page)
    data = json.loads(held)
    n = len(survey.kept)
    assert [len(data[k]) for k in ("topic", "wave", "theme", "text")] == [n] * 4
    assert len(base64.b64decode(data["places"])) == 4 * n
    assert "<" not in held
    assert "<script>alert(1)</script>" in data["text"][0]
    given = survey.kept["year"].map(study.about.wave).tolist()
    assert [data["waves"][w] for w in data["wave"]] == given
    public = write_report(tmp_path / "public.html", publish(study, quotes=False)).read_text("utf-8")
    assert "application/json" not in public
    assert "<canvas" not in public
    assert "back to back sessions" not in public


def test_words_that_rose_and_fell_are_said_with_their_waves(whole):
    said = Page(whole[1]).text
    assert "Words most changed, 2014 to 2018" in said
    one = results(standins.responses())
    table = one.tables["word_shifts"]
    none = dict(one.tables) | {"word_shifts": table.assign(p_bh=0.5)}
    words = change.word_chart(replace(one, tables=none))
    assert words["said"].startswith("No word was said significantly more or less often in 2018")
    assert f"of {len(table)} words tested" in words["said"]
    first = table.iloc[[0]].assign(p_bh=0.01, estimate=1.0, low=0.5, high=1.5, word="<b>pay</b>")
    one_word = change.word_chart(replace(one, tables=none | {"word_shifts": first}))
    assert "More often: <b>pay</b>." in one_word["said"]  # escaped by the template
    assert "of 1 word tested" in one_word["said"]
    assert one_word["table"].rows[0][3] == "2.72 [1.65, 4.48]"
    assert [change._ratio(v) for v in (-9, 0, 3, 99)] == ["<\u00a00.01", "1.00", "20", ">\u00a0100"]
    assert change.word_chart(replace(one, tables=none | {"word_shifts": table[:0]})) is None


def test_a_theme_that_the_frame_does_not_have_is_listed_by_its_id():
    version = keep_private(standins.study_of(responses=standins.responses(n=300)))
    rows = version.responses.assign(themes=[("S2", "nowhere")] * len(version.responses))
    bubbles = topic_map.lay_out(version)
    data = json.loads(topic_map.responses_json(replace(version, responses=rows), bubbles))
    assert data["themes"] == ["Caseload and workload", "nowhere"]
    assert data["theme"][0] == [0, 1]
    assert topic_map.responses_json(replace(version, responses=None), bubbles) is None
    assert topic_map.responses_json(version, []) is None


def test_no_change_is_worded_with_what_could_have_been_seen():
    row = {"p_bh": 0.4, "estimate": 0.02, "smallest_detectable": 0.083}
    row |= {"finding": "no significant change"}
    assert compute.verdict(row) == "no significant change (minimum detectable: 8.3 points)"
    assert compute.verdict({**row, "finding": "rose"}) == "rose"
    assert compute.verdict({**row, "finding": "fell"}) == "fell"
    alone = row | {"finding": "not checked"}
    assert compute.verdict(alone) == "not checked"
    assert compute.verdict(alone | {"p_bh": 0.01}) == "not checked (more by machine codes)"
    assert not compute.is_significant(alone | {"p_bh": 0.01})
    assert "not estimable" in compute.verdict({**row, "smallest_detectable": np.nan})


def test_chance_corrected_figures_never_stand_without_f1():
    result = standins.comparison()
    result.themes["f1"] = np.nan
    themes = result.themes.assign(status="shown")
    grid = agreement_grids.agreement_grid(themes, "people", "machine")
    for row in grid.rows:
        assert row[grid.head.index("AC1")] == compute.DASH
        assert row[grid.head.index("PABAK")] == compute.DASH


def test_numbers_are_printed_for_people():
    def plain(text: str) -> str:
        return text.replace(compute.NBSP, " ")

    assert plain(compute.interval(0.123, 0.188)) == "12 % to 19 %"
    assert compute.points(-0.034) == "−3.4"
    assert compute.points(0.0001) == "0.0"
    assert (compute.coefficient(-0.004), compute.coefficient(-0.006)) == (".00", "−.01")
    assert [compute.p_value(p) for p in (0.0002, 0.0994, 0.0996, 0.7, 0.996, np.nan)] == [
        "< .001", ".099", ".10", ".70", "> .99", "–"
    ]  # fmt: skip
    assert [compute.coefficient(v) for v in (0.5, -0.004, -0.5, 1, 1.73)] == [
        ".50", ".00", "−.50", "1.00", "1.73"
    ]  # fmt: skip
    assert compute.percent(np.nan) == compute.DASH
    assert compute.count(1545.0) == "1,545"
    assert compute.count(np.nan) == "[c]"


def test_same_results_give_the_same_file(whole, tmp_path):
    assert make(tmp_path)[1] == whole[1]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path, before = make(tmp_path, full=False)
    monkeypatch.setattr("pathlib.Path.replace", _fail)
    with pytest.raises(OSError, match="disk"):
        make(tmp_path, full=False, disclosure=1)
    assert path.read_text(encoding="utf-8") == before
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def _fail(*_args):
    raise OSError("disk full")


@pytest.mark.parametrize("bad", [0, -1, 2.5, True])
def test_disclosure_must_be_a_count(tmp_path, bad):
    with pytest.raises(InputError, match="disclosure"):
        make(tmp_path, full=False, disclosure=bad)


def test_a_folder_is_not_a_report(tmp_path):
    (tmp_path / "new folder" / "report.html").mkdir(parents=True)
    with pytest.raises(InputError, match="a folder"):
        make(tmp_path, full=False)


def test_trends_are_listed_only_where_every_year_is_shown(tmp_path):
    survey = standins.responses()
    trends = standins.drift(survey, standins.codes(survey)).trends
    gone = trends["theme"] == "S1"
    table = drift_grids.trends_grid(
        trends.assign(estimate=trends["estimate"].mask(gone)), LABELS, {}
    )
    assert table is not None
    labels = [row[0] for row in table.rows]
    assert "Caseload and workload" in labels
    assert "Targets and performance" not in labels
    assert drift_grids.trends_grid(trends.assign(estimate=np.nan), LABELS, {}) is None


@pytest.mark.slow
def test_figures_of_a_study_are_written_in_three_formats(tmp_path):
    survey = standins.responses(n=300)
    study = standins.study_of(responses=survey, comparison=standins.comparison())
    written = write_figures(tmp_path / "figures", publish(study))
    names = ("agreement", "changes", "confusion", "ledger", "mapping", "prevalence", "resolution")
    assert sorted(written) == sorted(f"{n}.{k}" for n in names for k in ("pdf", "png", "svg"))
    starts = {".pdf": b"%PDF", ".png": b"\x89PNG", ".svg": b"<?xml"}
    for path in written.values():
        assert path.read_bytes().startswith(starts[path.suffix])
    assert b"secretword" not in written["mapping.svg"].read_bytes()


def test_who_and_how_they_answered_and_what_a_sure_topic_changes_are_said(whole):
    page = Page(whole[1])
    assert "no evidence that the respondent mix ( role ) changed between waves" in page.text
    assert "zookeeper" not in whole[1]
    assert "(small group 1) role [c]" in page.text
    assert "words per analysed response (geometric mean)" in page.text
    assert re.search(r"In each wave, \d+ % to \d+ % of responses had no stable topic", page.text)
    assert re.search(r"\d of 9 themes match at least one topic", page.text)


def same_mix(changes):
    none = pd.DataFrame()
    return Standardised(
        changes=changes, shares=none, trends=none, covariates=("role",), baseline=2014
    )


def test_standardised_changes_are_told_from_unadjusted_ones(tmp_path):
    survey = standins.responses()
    changes = standins.drift(survey, standins.codes(survey)).changes
    same = changes[["theme", "year", "against"]].assign(
        method="standardised", estimate=0.004, covered=1.0, p_bh=0.5
    )
    _, text = make(tmp_path, standardised=same_mix(same))
    published = results(survey, standardised=same_mix(same))
    assert "direct standardisation ), no theme changes significantly" in Page(text).text
    assert "These are changes in machine codes, not checked by people." in Page(text).text
    last = last_changes(published.tables["drift_changes"])
    said = sections._same_mix(published, last.assign(p_bh=0.01))
    assert (said["were"], said["stay"], said["new"]) == (len(last), 0, 0)
    assert "Changes at a fixed respondent mix" in text


def test_where_nothing_changed_the_same_mix_is_not_said_to_have_kept_none_of_0(tmp_path):
    survey = standins.responses()
    drift = standins.drift(survey, standins.codes(survey))
    drift = replace(drift, changes=drift.changes.assign(p_bh=0.5))
    same = drift.changes[["theme", "year", "against"]].assign(
        method="standardised", estimate=0.004, covered=1.0, p_bh=0.5
    )
    _, text = make(tmp_path, drift=drift, standardised=same_mix(same))
    assert "direct standardisation ), no theme changes significantly." in Page(text).text


# One process makes the demo for all.


@pytest.mark.slow
def test_the_demo_opens_no_connection_and_needs_no_network(demo):
    assert demo.code == 0, demo.err
    assert "CONNECTION TRIED" not in demo.err
    assert "Warning" not in demo.err
    assert (demo.folder / "manifest.json").exists()


@pytest.mark.slow
def test_the_demo_finds_what_was_planted(demo):
    assert demo.code == 0, demo.err
    assert "SYNTHETIC" in demo.out
    page = (demo.folder / "publish" / "report.html").read_text("utf-8")
    assert "SYNTHETIC" in page
    agreement = pd.read_csv(demo.folder / "tables_private" / "agreement_overall.csv")
    row = agreement.set_index("measure").loc["f1_macro"]
    assert row["estimate"] > 0.45  # far above the permutation baseline, far below the two people
    assert row["estimate"] > row["expected_by_chance"] + 0.3
    changes = pd.read_csv(demo.folder / "tables_private" / "drift_changes.csv")
    last = changes[(changes["kind"] == "baseline") & (changes["year"] == 2018)].set_index("theme")
    assert (last.loc[["S1", "W4"], "estimate"] > 0).all()
    assert (last.loc[["P3", "P7"], "estimate"] < 0).all()
