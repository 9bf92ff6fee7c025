"""The report in a real browser, used as a person would use it."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import standins

from iapt_topics.publish import publish
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


def written(folder, *, quotes=None, extra="", n=700):
    survey = standins.responses(n=n, extra=extra)
    if quotes is not None:  # they are what the survey says
        said = quotes.set_index("response_id")["text"]
        ids = survey.table["response_id"]
        said = ids.map(said).fillna(survey.table["text"])
        survey = replace(survey, table=survey.table.assign(redacted=said))
    coded = standins.codes(survey)
    study = standins.study_of(
        responses=survey,
        codes=coded,
        comparison=standins.comparison(),
        benchmark=standins.comparison("coder A", "coder B", 0.1),
        drift=standins.drift(survey, coded),
        axis_drift=standins.axis_drift(survey, coded),
    )
    return write_report(folder / "report.html", publish(study, quotes=quotes))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    survey = standins.responses()
    ids = survey.kept["response_id"].tolist()[4:]
    texts = [f"Quote {i} on {'caseload' if i % 3 else 'pay'}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": "A. B.", "paraphrase": ""}
    return written(tmp_path_factory.mktemp("report"), quotes=pd.DataFrame(sheet))


def report_of(demo):
    return demo.folder / "publish" / "report.html"


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
    themes.get_by_role("button", name="Theme", exact=True).click()
    names = column(themes, 1)
    assert names == sorted(names)
    share = themes.get_by_role("button", name="Prevalence", exact=True)
    share.click()
    share.click()
    shown = [float(c.split()[0]) for c in column(themes, 6) if c[0].isdigit()]
    assert len(shown) > 5
    assert shown == sorted(shown, reverse=True)
    assert column(themes, 6)[-1] == "[c]"
    assert themes.locator("[aria-sort=descending]").inner_text().startswith("Prevalence")


def test_quotes_are_searched_and_picked(desk):
    quotes = table(desk, "Quotes")
    tools = desk.get_by_role("group", name="Find in: Quotes")
    assert quotes.locator("tbody tr").count() == 50
    tools.get_by_label("Search").fill("pay QUOTE")
    assert all("pay" in c for c in column(quotes, 1))
    tools.get_by_label("Year").select_option("2016")
    assert set(column(quotes, 2)) == {"2016"}
    tools.get_by_label("Themes").select_option("Service design")
    assert all("Service design" in c for c in column(quotes, 3))
    tools.get_by_label("Consensus support").select_option("low")
    assert set(column(quotes, 5)) == {"low"}
    assert "rows found" in tools.get_by_role("status").inner_text()
    for name in ("Year", "Themes", "Consensus support"):
        tools.get_by_label(name).select_option("")
    tools.get_by_label("Search").fill("nothing of the kind")
    assert quotes.locator("tbody tr").count() == 0
    tools.get_by_label("Search").fill("")
    desk.get_by_role("button", name="Next").click()
    assert "51 to 100 of" in tools.get_by_role("status").inner_text()


def test_a_theme_opens_from_the_table_and_by_the_keyboard(desk):
    theme = desk.locator("#theme-S1")
    assert theme.get_attribute("open") is None
    table(desk, "Prevalence of each theme").get_by_role(
        "link", name="Targets and performance"
    ).click()
    assert theme.get_attribute("open") is not None
    assert "Machine-human: F1" in theme.inner_text()
    assert theme.locator("blockquote").count() == 3
    assert theme.locator("svg.years").get_attribute("aria-label").count("%") >= 5
    other = desk.locator("#theme-S2 > summary")
    other.focus()
    desk.keyboard.press("Enter")
    assert desk.locator("#theme-S2").get_attribute("open") is not None


def test_topics_on_the_map_are_named_and_lead_to_their_cards(desk):
    bubble = desk.get_by_role("link", name="Topic 1: caseload, high")
    bubble.hover()
    assert desk.locator(".tip").inner_text().startswith("Topic 1: caseload, high")
    bubble.click()
    assert desk.url.endswith("#topic-1")


def test_page_is_whole_without_script(browser, report):
    page, faults = opened(browser, report, java_script_enabled=False)
    assert page.locator("#quotes").count() == 1
    assert table(page, "Quotes").locator("tbody tr").count() > 50
    assert page.locator("button").count() == 0
    page.close()
    assert not faults


def test_it_is_printed_whole(desk, tmp_path):
    pdf = desk.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert pdf[:5] == b"%PDF-"
    assert len(pdf) > 100_000
    assert desk.locator("#theme-W1").get_attribute("open") is None  # closed again afterwards


@pytest.mark.parametrize("size", [(390, 844), (1200, 900)])
def test_nothing_is_wider_than_the_screen(browser, report, size):
    page, faults = opened(browser, report, viewport={"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.close()
    assert not faults


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_the_demo(browser, demo, scheme, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe here: it comes with the extra dev"
    )
    screen = {"width": width, "height": 844}
    page, faults = opened(browser, report_of(demo), color_scheme=scheme, viewport=screen)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    assert not [(v["id"], v["nodes"][0]["html"]) for v in found]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert not faults


FOCUS = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  const ring = at.querySelector?.("circle") ?? null;
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
    assert report_of(demo).stat().st_size < 6_000_000
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
    assert text.count(">Quote</word>") > 3  # the head of a long table on each of its pages


def test_hostile_text_stays_text(browser, tmp_path):
    survey = standins.responses()
    ids = survey.kept["response_id"].tolist()[4:64]
    texts = [f"{i} {HOSTILE}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": HOSTILE, "paraphrase": ""}
    path = written(tmp_path, quotes=pd.DataFrame(sheet), extra=HOSTILE)
    page, faults = opened(browser, path)
    quotes = table(page, "Quotes")
    quotes.get_by_role("button", name="Quote", exact=True).click()
    page.get_by_role("group", name="Find in: Quotes").get_by_label("Search").fill("<script>")
    page.get_by_role("link", name="Topic 1").first.hover()
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 1
    said = quotes.locator("tbody th").first.inner_text()
    for part in ("</script><script>window.bad = 1</script>", "{{ 7 * 7 }}", "${window.bad = 4}"):
        assert part in said
    assert "\u202e" not in said
    page.close()
    assert not faults


@pytest.mark.slow
def test_twenty_thousand_quotes_stay_quick(browser, tmp_path):
    # The limits are far above what is needed, so that a busy machine does not fail the test.
    ids = standins.responses(n=22_300).kept["response_id"].tolist()
    texts = [f"Quote {i} word{i % 97}" for i in range(len(ids))]
    texts[7:10] = ["“Quota” has marks", "Éclat has an accent", "eclipse has neither"]
    sheet = {"response_id": ids, "text": texts, "approved_by": "A. B.", "paraphrase": ""}
    page, faults = opened(browser, written(tmp_path, quotes=pd.DataFrame(sheet), n=22_300))
    assert page.evaluate("performance.now()") < 10_000
    quotes = table(page, "Quotes")
    assert quotes.locator("tbody tr:visible").count() == 50
    state = page.get_by_role("group", name="Find in: Quotes").get_by_role("status")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert state.inner_text().startswith("The first 2000 of 20")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    took = page.evaluate(
        """() => {
          const field = [...document.querySelectorAll("input")].at(-1), start = performance.now();
          field.value = "word13";
          field.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect();
          return performance.now() - start;
        }"""
    )
    assert took < 1000
    assert "1 to 50 of 20" in state.inner_text()
    page.get_by_role("group", name="Find in: Quotes").get_by_label("Search").fill("")
    quotes.get_by_role("button", name="Quote", exact=True).click()
    first = [text.split()[0] for text in column(quotes, 1)[:4]]
    assert first == ["eclipse", "Éclat", "“Quota”", "Quote"]
    page.close()
    assert not faults
