"""The page of a task in a real browser, used by keyboard as a rater would use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import standins
from tasks import HOSTILE, coding_task, survey_of, with_evidence
from test_judgements import coders

import iapt_topics as it
from iapt_topics.qda import write_codes
from iapt_topics.validation import (
    build_codes,
    build_gold,
    draw_test,
    make_adjudication,
    make_coding,
    make_mapping,
    make_quotes,
    read_answers,
    write_task,
)
from iapt_topics.validation.task import TESTS, THEMES

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
pytestmark = pytest.mark.skipif(
    not CHROMIUM.exists(), reason=f"no {CHROMIUM} here: install chromium to try the page"
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


def opened(browser, path, **options):
    """The page, and what went wrong or out to the network while it was used."""
    page = browser.new_page(**options)
    faults: list[str] = []
    page.on("console", lambda m: faults.append(f"{m.type}: {m.text}"))
    page.on("pageerror", lambda e: faults.append(str(e)))
    address = path.as_uri()
    page.on("request", lambda r: r.url.startswith((address, "blob:")) or faults.append(r.url))
    page.goto(address)
    return page, faults


def exported(page, folder, name):
    with page.expect_download() as download:
        page.get_by_role("button", name="Export answers").click()
    path = folder / f"{name}.json"
    download.value.save_as(path)
    return path


def next_run(task, answers, folder):
    """Agreement with the machine in a study that has these codes."""
    study = survey_of()
    (codes,) = build_codes(task, answers, study.responses, standins.frame())
    path = write_codes(folder / "codes.csv", codes, frame=standins.frame())
    human = it.load_codes(path, frame=standins.frame(), responses=study.responses)
    comparison = it.compare_codes(human, study.codes, responses=study.responses, n_boot=20)
    run = standins.study_of(
        responses=study.responses, codes=study.codes, comparison=comparison, human=(human,)
    )
    return run.tables["agreement_overall"]


def test_sixty_responses_are_coded_by_keyboard_undone_kept_and_exported(browser, tmp_path):
    task = coding_task(60)
    path = write_task(tmp_path / "coding.html", task, rater="Ann")
    page, faults = opened(browser, path)
    for i in range(60):
        page.keyboard.press("2" if i % 3 else "3")  # the first is "none"
        if i % 5 == 0:
            page.keyboard.press("4")
        page.keyboard.press("Enter")
    assert page.locator("#count").inner_text() == "60 of 60"
    page.keyboard.press("Backspace")  # the last answer, item 60
    assert page.locator("#count").inner_text() == "59 of 60"
    assert "undone" in page.locator("#said").inner_text()
    page.reload()
    assert page.locator("#count").inner_text() == "59 of 60"
    assert page.locator("#where").inner_text() == "Item 60 of 60"
    page.keyboard.press("1")
    page.keyboard.press("3")  # excludes "none"
    assert page.locator(":checked[name=answer]").count() == 1
    page.keyboard.press("Backspace")
    assert page.locator(":checked[name=answer]").get_attribute("value") == "none"
    answers = read_answers(exported(page, tmp_path, "one"), task)
    page.locator("#jump").fill("1")
    page.locator("#jump").press("Tab")
    page.locator("#item").focus()
    page.keyboard.press("5")
    changed = read_answers(exported(page, tmp_path, "two"), task)
    assert not faults
    page.close()
    first, second = (next_run(task, a, tmp_path) for a in (answers, changed))
    assert first["n"].tolist() == second["n"].tolist() == [60] * len(first)
    assert first["estimate"].tolist() != second["estimate"].tolist()
    assert len(answers.table) == 60
    order = task.assigned.set_index("item")["turn"]
    got = dict(zip(answers.table["item"].map(order), answers.table["values"], strict=True))
    themes = [c[0] for c in task.choices]
    for turn, values in got.items():
        i = turn - 1
        wanted = {themes[1 if i % 3 else 2]} | ({themes[3]} if i % 5 == 0 else set())
        assert set(values) == (wanted if turn < 60 else {"none"}), turn


def test_a_rating_goes_on_by_itself_and_the_pointer_works_too(browser, tmp_path):
    task = draw_test(survey_of(), "label choice", raters=["Ann"], width=0.6)
    page, faults = opened(browser, write_task(tmp_path / "t.html", task))
    page.keyboard.press("2")
    assert page.locator("#where").inner_text().startswith("Item 2 ")
    page.locator(".choice").nth(0).click()
    assert page.locator("#count").inner_text().startswith("2 of")
    page.get_by_role("button", name="Next →").click()
    page.locator("#keys").uncheck() if page.locator("#keys").is_visible() else None
    table = read_answers(exported(page, tmp_path, "two"), task).table
    assert [v[0] for v in table["values"]] == ["2", "1"]
    page.close()
    assert not faults


def test_a_sentence_is_marked_within_its_response_and_not_shown_twice(browser, tmp_path):
    study = with_evidence(survey_of(n=120, extra=HOSTILE))
    task = draw_test(study, "theme check", raters=["Ann"], width=0.9)
    parts = dict(task.items.set_index("item")["parts"][task.assigned["item"].iloc[0]])
    page, faults = opened(browser, write_task(tmp_path / "t.html", task))
    assert page.locator("mark").count() == 1
    assert page.locator("mark").text_content() == parts["Sentence"]
    assert page.locator(".last").text_content() == parts["Response"]
    assert "Sentence" not in page.locator("h3").all_text_contents()
    assert page.evaluate("window.bad") is None
    page.close()
    assert not faults


def test_disagreements_are_decided_with_a_reason_and_a_name(browser, tmp_path):
    three, survey, frame = coders(n=25)
    task = make_adjudication(three, survey, frame)
    page, faults = opened(browser, write_task(tmp_path / "t.html", task))
    page.keyboard.press("2")
    page.locator("#item").focus()
    page.keyboard.press("Enter")
    assert "why" in page.locator("#said").inner_text()
    assert page.locator("#where").inner_text().startswith("Item 1 ")
    odd = 'caf\u00e9 \U0001f600 \u2028 <b> \u202e \u0007 "quoted" \\ back'
    page.locator("#note").fill(odd)
    page.get_by_role("button", name="Next →").click()
    assert page.locator("#where").inner_text().startswith("Item 2 ")
    page.get_by_role("button", name="Export answers").click()
    assert "your name" in page.locator("#said").inner_text()
    page.get_by_label("Your name").fill("Zo\u00eb M\u00fcller-Ng")
    answers = read_answers(exported(page, tmp_path, "one"), task)
    row = answers.table.iloc[0]
    assert row["rater"] == "Zo\u00eb M\u00fcller-Ng"
    assert row["note"].startswith("caf\u00e9 \U0001f600 \u2028 <b>")
    assert "\u202e" not in row["note"]
    page.close()
    assert not faults
    gold = build_gold(three, frame, task=task, answers=answers)
    assert (gold.trail["status"] == "decided").sum() == 1


def test_many_themes_are_found_by_a_word_and_explained_if_asked(browser, tmp_path):
    survey, frame = survey_of().responses, it.load_frame("iapt_identity_system")
    ids = survey.kept["response_id"].tolist()[:3]
    task = make_coding(survey, frame, ids, raters=["Ann"])
    page, faults = opened(browser, write_task(tmp_path / "t.html", task))
    definition = page.locator(".choice small").first
    assert not definition.is_visible()
    page.get_by_label("Definitions").check()
    assert definition.is_visible()
    page.locator("#item").focus()
    page.keyboard.press("/")
    page.keyboard.type("caseload")
    assert page.locator(".choice:visible").count() < 5
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator("#where").inner_text() == "Item 2 of 3"
    page.reload()
    assert definition.is_visible()
    values = read_answers(exported(page, tmp_path, "one"), task).table["values"].tolist()
    assert len(values) == 1
    label = frame[values[0][0]].label + frame[values[0][0]].definition
    assert "caseload" in label.casefold()
    page.close()
    assert not faults


def test_single_keys_can_be_switched_off(browser, tmp_path):
    task = draw_test(survey_of(), "label choice", raters=["Ann"], width=0.6)
    page, _ = opened(browser, write_task(tmp_path / "t.html", task))
    page.get_by_label("Single keys choose").uncheck()
    page.locator("#item").focus()
    page.keyboard.press("1")
    assert page.locator("#count").inner_text().startswith("0 of")
    page.close()


def test_hostile_text_stays_text(browser, tmp_path):
    task = draw_test(survey_of(extra=HOSTILE), THEMES, raters=["Ann"], width=0.8)
    page, faults = opened(browser, write_task(tmp_path / "t.html", task))
    said = page.locator(".text.last").inner_text()
    assert "</script><script>window.bad = 1</script>" in said
    assert "\u202e" not in said
    assert page.evaluate("window.bad") is None
    assert page.locator("script").count() == 2
    page.close()
    assert not faults


def test_two_thousand_responses_open_in_two_seconds(browser, tmp_path):
    path = write_task(tmp_path / "t.html", coding_task(2_000), rater="Ann")
    page, faults = opened(browser, path)
    assert page.locator("#count").inner_text() == "0 of 2000"
    took = page.evaluate("performance.now()")
    page.close()
    assert took < 2_000
    assert not faults


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_and_nothing_overflows(browser, tmp_path, scheme, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="no axe here: it comes with the extra dev"
    )
    study = survey_of()
    three, survey, frame = coders(n=25)
    tasks = [coding_task(20), make_quotes(study), make_mapping(study)]
    tasks += [make_adjudication(three, survey, frame)]
    tasks += [draw_test(study, k, raters=["Ann"], width=0.8) for k in TESTS]
    for i, task in enumerate(tasks):
        path = write_task(tmp_path / f"{i}.html", task)
        screen = {"width": width, "height": 844}
        page, faults = opened(browser, path, color_scheme=scheme, viewport=screen)
        page.keyboard.press("1")
        found = axe.Axe().run(page).response["violations"]
        assert not [(v["id"], v["nodes"][0]["html"]) for v in found], task.kind
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
        assert not faults


def test_the_page_holds_no_key(tmp_path):
    study = survey_of()
    for kind in TESTS:
        task = draw_test(study, kind, raters=["Ann"], width=0.8)
        text = write_task(tmp_path / "t.html", task).read_text("utf-8")
        content = text.split('id="task">')[1].split("</script>")[0]
        shown = json.loads(content)
        assert set(shown) == {
            "format", "task", "kind", "rater", "several", "note", "none", "choices", "items",
            "sentence",
        }  # fmt: skip
        for response_id in study.responses.kept["response_id"]:
            assert f'"{response_id}"' not in content
