"""The report in a real browser, used as a person would use it."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
import standins

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
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium here")


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield opened
        opened.close()


def written(folder, *, quotes=None, extra=""):
    survey = standins.responses(extra=extra)
    found, coded = standins.topics(survey), standins.codes(survey)
    return write_report(
        folder / "report.html",
        responses=survey,
        topics=found,
        mapping=standins.mapping(found),
        codes=coded,
        comparison=standins.comparison(),
        ceiling=standins.comparison("coder A", "coder B", 0.1),
        drift=standins.drift(survey, coded),
        axis_drift=standins.axis_drift(survey, coded),
        quotes=quotes,
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    survey = standins.responses()
    ids = survey.kept["response_id"].tolist()[4:]
    texts = [f"Quote {i} on {'caseload' if i % 3 else 'pay'}" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": texts, "approved_by": "A. B.", "paraphrase": ""}
    return written(tmp_path_factory.mktemp("report"), quotes=pd.DataFrame(sheet))


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
    themes = table(desk, "Share of responses with each theme")
    themes.get_by_role("button", name="Theme", exact=True).click()
    names = column(themes, 1)
    assert names == sorted(names)
    share = themes.get_by_role("button", name="Share", exact=True)
    share.click()
    share.click()
    shown = [float(c.split()[0]) for c in column(themes, 6) if c[0].isdigit()]
    assert len(shown) > 5
    assert shown == sorted(shown, reverse=True)
    assert column(themes, 6)[-1] == "not shown"
    assert themes.locator("[aria-sort=descending]").inner_text().startswith("Share")


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
    tools.get_by_label("Sureness").select_option("low")
    assert set(column(quotes, 5)) == {"low"}
    assert "rows found" in tools.get_by_role("status").inner_text()
    for name in ("Year", "Themes", "Sureness"):
        tools.get_by_label(name).select_option("")
    tools.get_by_label("Search").fill("nothing of the kind")
    assert quotes.locator("tbody tr").count() == 0
    tools.get_by_label("Search").fill("")
    desk.get_by_role("button", name="Next").click()
    assert "51 to 100 of" in tools.get_by_role("status").inner_text()


def test_a_theme_opens_from_the_table_and_by_the_keyboard(desk):
    theme = desk.locator("#theme-S1")
    assert theme.get_attribute("open") is None
    table(desk, "Share of responses with each theme").get_by_role(
        "link", name="Targets and performance"
    ).click()
    assert theme.get_attribute("open") is not None
    assert "Machine and people: F1" in theme.inner_text()
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
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(browser, report, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here")
    page, _ = opened(browser, report, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = axe.Axe().run(page).response["violations"]
    serious = [
        (v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in {"serious", "critical"}
    ]
    assert not serious
    page.close()


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
def test_twenty_thousand_rows_stay_quick(browser, report, tmp_path):
    # The limit are far above what is needed, so that a busy machine does not fail the test.
    text = report.read_text(encoding="utf-8")
    start = text.index("<tbody>", text.index("<caption>Quotes"))
    end = text.index("</tbody>", start)
    row = "<tr><th scope='row'>Quote {0} word{1}</th><td>{2}</td><td>pay; role</td><td>none</td>"
    rows = "".join(row.format(i, i % 97, 2014 + i % 5) + "<td>low</td></tr>" for i in range(20_000))
    long = tmp_path / "long.html"
    long.write_text(text[: start + 7] + rows + text[end:], encoding="utf-8")
    page, faults = opened(browser, long)
    assert table(page, "Quotes").locator("tbody tr").count() == 50
    tools = page.get_by_role("group", name="Find in: Quotes")
    took = page.evaluate(
        """() => {
          const field = [...document.querySelectorAll("input")].at(-1), start = performance.now();
          field.value = "word13";
          field.dispatchEvent(new Event("input"));
          document.body.getBoundingClientRect();
          return performance.now() - start;
        }"""
    )
    assert took < 3000
    assert "of 20000" in tools.get_by_role("status").inner_text()
    page.close()
    assert not faults
