"""The report in a real browser, used as a person would use it."""

from __future__ import annotations

import csv
import html
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import standins

from iapt_topics.publish import keep_private, publish
from iapt_topics.report import write_report

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = (
    "</script><script>window.bad = 1</script><img src=x onerror='window.bad = 2'> "
    "<svg onload=window.bad=3> {{ 7 * 7 }} {% raw %} ${window.bad = 4} </td></table> "
    "javascript:window.bad=5 &lt;b&gt; \u202eevil\u2066 \ufeff"
)
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason=f"no {CHROMIUM} here: install chromium and poppler-utils, as .ci/run does, to try the "
    "report in a browser",
)


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip(
        "playwright.sync_api", reason="no Playwright here: it comes with the extra dev"
    )
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


def study_with_pages(*, quotes=None, extra="", n=700):
    survey = standins.responses(n=n, extra=extra)
    if quotes is not None:  # they are what the survey says
        said = quotes.set_index("response_id")["text"]
        ids = survey.table["response_id"]
        said = ids.map(said).fillna(survey.table["text"])
        survey = replace(survey, table=survey.table.assign(redacted=said))
    coded = standins.codes(survey)
    return standins.study_of(
        responses=survey,
        codes=coded,
        comparison=standins.comparison(),
        benchmark=standins.comparison("coder A", "coder B", 0.1),
        drift=standins.drift(survey, coded),
        axis_drift=standins.axis_drift(survey, coded),
    )


def written(folder, *, quotes=None, extra="", n=700):
    study = study_with_pages(quotes=quotes, extra=extra, n=n)
    return write_report(folder / "report.html", publish(study, "strict", quotes=quotes))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    survey = standins.responses()
    ids = survey.kept["response_id"].tolist()[4:]
    texts = [f"Quote {i} on {'caseload' if i % 3 else 'pay'}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": "A. B.", "paraphrase": ""}
    return written(tmp_path_factory.mktemp("report"), quotes=pd.DataFrame(sheet))


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    folder = tmp_path_factory.mktemp("private")
    return write_report(folder / "report.html", keep_private(study_with_pages()))


@pytest.fixture(params=["publish", "private"])
def either(request, report, private):
    """The public file and the private one."""
    return report if request.param == "publish" else private


def report_of(demo, kind="publish"):
    return demo.folder / kind / "report.html"


def opened(browser, path, **options):
    """The page, and what went wrong or out to the network while it was used."""
    page = browser.new_page(**options)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda e: faults.append(str(e)))
    address = path.as_uri()
    page.on("request", lambda r: r.url.startswith((address, "data:")) or faults.append(r.url))
    page.goto(address)
    return page, faults


@pytest.fixture(scope="module")
def desk(browser, report):
    page, faults = opened(browser, report)
    yield page
    assert not faults
    page.close()


def table(page, caption):
    return page.locator("table").filter(
        has=page.locator("caption", has_text=re.compile(f"^{caption}$"))
    )


def column(rows, number):
    cells = rows.locator(f"tbody tr > :nth-child({number})").all_inner_texts()
    return [c.replace("\u00a0", " ") for c in cells]


def test_tables_are_sorted_by_number_and_by_name(desk):
    themes = table(desk, "Prevalence of each theme")
    desk.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    themes.get_by_role("button", name="Theme", exact=True).click()
    names = column(themes, 1)
    assert names == sorted(names)
    share = themes.get_by_role("button", name="Prevalence", exact=True)
    share.click()
    share.click()
    shown = [float(c.split()[0]) for c in column(themes, 7) if c[0].isdigit()]
    assert len(shown) > 5
    assert shown == sorted(shown, reverse=True)
    assert column(themes, 7)[-1] == "[c]"
    assert themes.locator("[aria-sort=descending]").inner_text().startswith("Prevalence")


def test_quotes_are_found_by_words_and_wave(browser, report):
    page, faults = opened(browser, report)
    tools, quotes = page.locator(".finder"), page.locator(".theme .quote")
    every = quotes.count()
    assert every > 100
    tools.get_by_label("Search quotes").fill("pay QUOTE")
    left = page.locator(".theme .quote:not([hidden])")
    assert 0 < left.count() < every
    assert all("pay" in t for t in left.locator("blockquote").all_text_contents())
    tools.get_by_label("Wave").select_option("2016")
    assert set(left.locator(".chip").first.all_text_contents()) == {"2016"}
    assert f"{left.count()} of {every} quotes" in tools.get_by_role("status").inner_text()
    tools.get_by_label("Search quotes").fill("nothing of the kind")
    assert left.count() == 0
    assert page.locator("details.theme:not([hidden])").count() == 0
    page.close()
    assert not faults


def test_a_theme_opens_from_a_table_and_by_the_keyboard(browser, report):
    page, faults = opened(browser, report)
    theme = page.locator("#theme-S1")
    assert theme.get_attribute("open") is None
    page.locator("#key").get_by_role("link", name="Targets and performance").click()
    assert theme.get_attribute("open") is not None
    assert "Machine-human: F1" in theme.inner_text()
    assert theme.locator("blockquote").count() >= 3
    assert theme.locator("svg.waves").get_attribute("aria-label").count("%") >= 5
    other = page.locator("#theme-S2 > summary")
    other.focus()
    page.keyboard.press("Enter")
    assert page.locator("#theme-S2").get_attribute("open") is not None
    page.close()
    assert not faults


def test_a_figure_of_the_heat_map_leads_to_the_quotes_of_its_theme_and_wave(browser, report):
    page, faults = opened(browser, report)
    cell = page.locator(".heat[href='#theme-S2'][data-wave='2016']")
    cell.hover()
    assert page.locator(".tip").inner_text().startswith("Caseload and workload, 2016: ")
    cell.click()
    shown = page.locator("#theme-S2 .quote:visible")
    assert shown.count() > 0
    assert set(shown.locator(".chip:first-child").all_text_contents()) == {"2016"}
    page.close()
    assert not faults


def test_topics_on_the_map_are_named_and_lead_to_their_cards(desk):
    bubble = desk.get_by_role("link", name="Topic 1: caseload, high")
    bubble.hover()
    assert desk.locator(".tip").inner_text().startswith("Topic 1: caseload, high")
    bubble.click()
    assert desk.url.endswith("#topic-1")
    assert desk.locator("#topic-1").is_visible()


#: What a reader asks, the link of the contents that leads there, and what then answers it.
QUESTIONS = {
    "What was asked?": "How is it to work in your service?",
    "Who responded?": "respondents were analysed",
    "What do they talk about?": "Prevalence of all",
    "Professional identity or The system?": "The system minus Professional identity",
    "What changed?": "Prevalence of each theme by wave",
    "Can I trust it?": "Macro-F1 is",
    "Show me": "Each quote stands for one theme",
}


def test_seven_questions_are_answered_within_one_click(browser, either):
    page, faults = opened(browser, either, viewport={"width": 1200, "height": 900})
    for question, answer in QUESTIONS.items():
        page.evaluate("scrollTo(0, 0)")
        link = page.locator("nav").get_by_role("link", name=question)
        assert 0 <= link.bounding_box()["y"] < 900  # on the first screen
        link.click()
        page.wait_for_timeout(50)
        found = page.get_by_text(answer).first
        box = found.bounding_box()
        assert found.is_visible(), question
        assert 0 <= box["y"] < 900, question
    page.close()
    assert not faults


def test_the_first_screen_has_the_badge_the_findings_and_the_changes(browser, either):
    page, faults = opened(browser, either, viewport={"width": 1200, "height": 900})
    for locator in (".badge", ".finding", ".dumbbell tbody tr:nth-child(5)"):
        assert page.locator(locator).first.bounding_box()["y"] < 880, locator
    page.close()
    assert not faults


def test_tables_and_charts_are_saved(browser, report):
    page, faults = opened(browser, report)
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV: Prevalence of each theme by wave").click()
    text = Path(started.value.path()).read_text("utf-8-sig")
    assert started.value.suggested_filename == "Prevalence_of_each_theme_by_wave.csv"
    assert text.splitlines()[0].startswith('"Theme","2014 (n = ')
    assert '"Caseload and workload"' in text
    with page.expect_download() as started:
        page.locator("#poles").get_by_role("button", name="SVG").first.click()
    drawn = Path(started.value.path()).read_text("utf-8")
    assert drawn.startswith("<svg")
    assert 'fill="rgb' in drawn
    assert "2014" in drawn
    page.close()
    assert not faults


#: Charts without a button that saves them as a drawing, or their figures as a table.
UNSAVED = """() => [...document.querySelectorAll("svg[class], .heatmap")]
  .map((s) => s.closest("table, .chart, .multiples, .theme .split > div, .map") ?? s)
  .filter((root) => {
    const bar = root.querySelector(":scope > .savers")
      ?? (root.closest(".scroll") ?? root).nextElementSibling;
    const kinds = [...(bar?.querySelectorAll(".save") ?? [])].map((b) => b.textContent).sort();
    return kinds.join() !== (root.matches(".map") ? "SVG" : "CSV,SVG");
  }).map((root) => root.outerHTML.slice(0, 120))"""


def test_each_chart_is_saved_with_its_words_and_its_figures(browser, either, private):
    page, faults = opened(browser, either)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate(UNSAVED) == []

    def saved(name, kind):
        with page.expect_download() as started:
            page.get_by_role("button", name=f"{kind}: {name}").first.click()
        return Path(started.value.path()).read_text("utf-8-sig")

    for name, words in {
        "Change in each theme": ("Targets and performance", "2014"),
        "Prevalence of each theme by wave": ("Caseload and workload", "2018 (n ="),
        "Each theme by wave": ("Targets and performance",),
        "Map of the responses": ("targets", "Similar topics lie close together"),
        "Therapist identity": ("2014", "Machine"),
    }.items():
        drawn = saved(name, "SVG")
        text = " ".join(" ".join(ElementTree.fromstring(drawn).itertext()).split())
        assert all(w in text for w in words), name
        assert "undefined" not in drawn
    assert ("<image" in saved("Map of the responses", "SVG")) == (either == private)
    rows = list(csv.reader(saved("Each theme by wave", "CSV").splitlines()))
    assert rows[0] == ["Point", "Figure"]
    assert any(r[0].startswith("Targets and performance, Machine, 2014") for r in rows)
    assert all(len(r) == 2 and "%" in r[1] for r in rows[1:])
    page.close()
    assert not faults


def test_responses_are_found_picked_and_read_on_the_private_map(browser, tmp_path):
    path = write_report(tmp_path / "private.html", keep_private(study_with_pages(extra=HOSTILE)))
    page, faults = opened(browser, path, viewport={"width": 1200, "height": 900})
    find, state = page.locator("#find"), page.locator("#find .state")
    shown = page.locator(".read li")
    assert re.fullmatch(r"\d+ responses", state.inner_text())
    every = int(state.inner_text().split()[0])
    find.get_by_label("Topic").select_option(label="1: caseload, high")
    assert shown.count() == 20
    assert all("My caseload is high" in t for t in shown.locator("p").all_text_contents())
    n = int(state.inner_text().split()[0])
    assert 20 < n < every
    page.get_by_role("button", name="Show more").click()
    assert shown.count() == min(n, 70)
    find.get_by_label("Wave").select_option("2016")
    assert set(shown.locator(".chip:first-child").all_text_contents()) == {"2016"}
    find.get_by_label("Theme").select_option("Caseload and workload")
    chips = shown.first.locator(".chip").all_text_contents()
    assert "Caseload and workload" in chips
    for label in ("Topic", "Wave", "Theme"):
        find.get_by_label(label).select_option("")
    find.get_by_label("Search responses").fill("STEPPING stone")
    assert all("stepping stone" in t for t in shown.locator("p").all_text_contents())
    find.get_by_label("Search responses").fill("")
    # A number on the map lists its topic, by the keyboard too.
    page.locator(".plot").get_by_role("link", name="Topic 2: burnout").focus()
    page.keyboard.press("Enter")
    assert "I feel exhausted" in shown.first.inner_text()
    find.get_by_label("Topic").select_option("")
    # A dot is read under the pointer, and kept at the head of the list by a click.
    canvas = page.locator(".plot canvas")
    canvas.scroll_into_view_if_needed()
    box, at = canvas.bounding_box(), page.evaluate(FIRST_PLACE)
    spot = (box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    page.mouse.move(*spot)
    said = page.locator(".tip").inner_text()
    assert re.match(r"201\d: \w", said)
    page.mouse.click(*spot)
    kept = page.locator(".read .kept p")
    assert kept.count() == 1
    assert kept.inner_text()[:60] in said
    assert page.evaluate("window.bad") is None
    page.close()
    assert not faults


#: Where the first response is on the map, in parts of its width and height.
FIRST_PLACE = """() => {
  const packed = atob(JSON.parse(document.getElementById("responses").textContent).places);
  return [0, 2].map((i) => (packed.charCodeAt(i) + 256 * packed.charCodeAt(i + 1)) / 65535);
}"""


def test_the_public_map_has_hexagons_that_say_their_number(browser, report):
    page, faults = opened(browser, report, viewport={"width": 1200, "height": 900})
    assert page.locator("canvas").count() == 0
    page.locator(".plot a.cut path:not(.edge)").first.hover()
    assert re.fullmatch(r"\d+0|\d*5 responses of topic 0: .*", page.locator(".tip").inner_text())
    page.get_by_text("Topics on the map, as a table").click()
    assert table(page, "Topics on the map").locator("tbody tr").count() > 3
    page.close()
    assert not faults


def test_page_is_whole_without_script(browser, report):
    page, faults = opened(browser, report, java_script_enabled=False)
    assert page.locator(".theme blockquote").count() > 100
    assert page.locator("button, input:visible").count() == 0
    page.close()
    assert not faults


def test_it_is_printed_whole(desk, tmp_path):
    pdf = desk.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert pdf[:5] == b"%PDF-"
    assert len(pdf) > 100_000


#: Text of a drawing that is cut by the drawing's edge or the screen's, and labels that overlap.
CUT = """() => {
  const out = [], wide = document.documentElement.clientWidth;
  for (const text of document.querySelectorAll("svg text")) {
    if (!text.checkVisibility()) continue;
    const at = text.getBoundingClientRect(), box = text.ownerSVGElement.getBoundingClientRect();
    const map = text.closest(".map");
    const off = at.left < -1 || at.right > wide + 1;
    if (!map && off) out.push(`off the screen: ${text.textContent}`);
    if (at.bottom > box.bottom + 3 || at.top < box.top - 3) out.push(`cut: ${text.textContent}`);
  }
  for (const chart of document.querySelectorAll("svg.waves")) {
    const names = [...chart.querySelectorAll(".wave")].map((t) => t.getBoundingClientRect());
    names.slice(1).forEach((b, i) => { if (b.left < names[i].right) out.push("waves overlap"); });
    const ends = [...chart.querySelectorAll(".end")].map((t) => t.getBoundingClientRect());
    ends.slice(1).forEach((b, i) => {
      if (b.top < ends[i].bottom - 2 && b.bottom > ends[i].top + 2) out.push("labels overlap");
    });
  }
  for (const cell of document.querySelectorAll("td, th, summary, .chip, nav a, button, p")) {
    if (!cell.checkVisibility() || cell.closest(".hide")) continue;
    const hides = getComputedStyle(cell).overflowX !== "visible";
    if (hides && cell.scrollWidth > cell.clientWidth + 1) out.push(cell.textContent);
  }
  return out;
}"""
#: Charts without a value: nothing is to wait for the script.
EMPTY = """() => [...document.querySelectorAll("svg.waves, svg.small, svg.row")]
  .filter((s) => !s.querySelector("circle, rect")).map((s) => s.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("size", [(390, 844), (1200, 900)])
def test_nothing_is_wider_than_the_screen_or_cut(browser, either, size):
    page, faults = opened(browser, either, viewport={"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert page.evaluate(CUT) == []
    assert page.evaluate(EMPTY) == []
    page.close()
    assert not faults


def test_a_private_report_says_so_on_every_screen_and_printed_page(browser, private, tmp_path):
    page, faults = opened(browser, private, viewport={"width": 1200, "height": 900})
    banner = page.locator(".private")
    for part in (0.0, 0.4, 1.0):
        page.evaluate(f"scrollTo(0, {part} * document.documentElement.scrollHeight)")
        assert -1 <= banner.bounding_box()["y"] < 10
    pdf = tmp_path / "private.pdf"
    page.pdf(path=str(pdf), format="A4")
    page.close()
    assert not faults
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: install poppler-utils to check every printed page")
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True)
    pages = text.stdout.split("\f")[:-1]
    assert len(pages) > 3
    assert all("PRIVATE" in p for p in pages)


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["publish", "private"])
def test_axe_finds_no_fault_in_the_demo(browser, demo, kind, scheme, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe here: it comes with the extra dev"
    )
    screen = {"width": width, "height": 844}
    page, faults = opened(browser, report_of(demo, kind), color_scheme=scheme, viewport=screen)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    assert not [(v["id"], v["nodes"][0]["html"]) for v in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert not faults


FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const ring = at.closest(".map a")?.querySelector("circle") ?? null;
  const seen = ring ? parseFloat(getComputedStyle(ring).strokeWidth) >= 4
    : style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  at.dataset.reached = "yes";
  return at === document.body ? null : [at.outerHTML.slice(0, 120), seen];
}"""
CONTROLS = """() => [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")]
  .filter((e) => e.checkVisibility() && !e.disabled && !e.dataset.reached)
  .map((e) => e.outerHTML.slice(0, 120))"""


@pytest.mark.slow
def test_every_control_is_reached_by_the_tab_key_and_shows_it(browser, report):
    page, faults = opened(browser, report)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the report"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.keyboard.press("Tab")  # from the main part on; the links before it come round again
    unseen = []
    for _ in range(400):
        at = page.evaluate(FOCUS)
        if at is None:
            page.evaluate("document.body.dataset.rounds = 1 + +(document.body.dataset.rounds ?? 0)")
        elif not at[1]:
            unseen.append(at[0])
        if page.evaluate("document.body.dataset.rounds") == "2":
            break
        page.keyboard.press("Tab")
    assert not unseen
    assert page.evaluate(CONTROLS) == []
    page.close()
    assert not faults


@pytest.mark.slow
def test_the_demo_is_small_and_prints_on_few_pages(browser, demo, tmp_path):
    assert report_of(demo).stat().st_size < 700_000
    private = demo.folder / "private" / "report.html"
    assert private.stat().st_size < 1_500_000
    page, faults = opened(browser, private, viewport={"width": 1200, "height": 900})
    assert page.evaluate("document.documentElement.scrollHeight") < 14_000
    page.close()
    page, faults = opened(browser, report_of(demo), color_scheme="dark")
    pdf = tmp_path / "report.pdf"
    pages = len(re.findall(rb"/Type /Page\b", page.pdf(path=str(pdf), format="A4")))
    assert pages < 25
    page.emulate_media(media="print")
    white = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(white) == "rgb(255, 255, 255)"
    words = set(page.locator("main").inner_text().split())
    page.close()
    assert not faults
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext here: install poppler-utils to check that nothing is cut off")
    text = subprocess.run(
        ["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True
    ).stdout
    sides = [float(x) for x in re.findall(r'xM(?:in|ax)="([\d.]+)"', text)]
    assert min(sides) > 30
    assert max(sides) < 595 - 30
    said = {html.unescape(w) for w in re.findall(r">([^<\n]+)</word>", text)}
    # A line may end after a hyphen, and a word longer than its line is broken.
    wanted, found = ({p for w in ws for p in re.split("(?<=-)", w)} for ws in (words, said))
    assert not {w for w in wanted - found if len(w) < 30}


def test_hostile_text_stays_text(browser, tmp_path):
    survey = standins.responses()
    ids = survey.kept["response_id"].tolist()[4:64]
    texts = [f"{i} {HOSTILE}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": HOSTILE, "paraphrase": ""}
    path = written(tmp_path, quotes=pd.DataFrame(sheet), extra=HOSTILE)
    page, faults = opened(browser, path)
    page.locator(".finder").get_by_label("Search quotes").fill("<script>")
    page.get_by_role("link", name="Topic 1").first.hover()
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 1
    said = page.locator(".theme .quote:not([hidden]) blockquote").first.text_content()
    for part in ("</script><script>window.bad = 1</script>", "{{ 7 * 7 }}", "${window.bad = 4}"):
        assert part in said
    assert "\u202e" not in said
    page.close()
    assert not faults


@pytest.mark.slow
def test_a_report_on_twenty_thousand_responses_opens_and_answers_at_once(browser, tmp_path):
    # The limits are above what is needed, so that a busy machine does not fail the test.
    ids = standins.responses(n=22_300).kept["response_id"].tolist()
    texts = [f"Quote {i} word{i % 97}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": "A. B.", "paraphrase": ""}
    page, faults = opened(browser, written(tmp_path, quotes=pd.DataFrame(sheet), n=22_300))
    assert page.evaluate("performance.now()") < 5_000
    took = page.evaluate(
        """() => {
          const field = document.querySelector(".finder input"), start = performance.now();
          field.value = "word13";
          field.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect();
          return performance.now() - start;
        }"""
    )
    assert took < 500
    page.close()
    assert not faults
