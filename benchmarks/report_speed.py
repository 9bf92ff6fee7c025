"""How quickly both reports open, and find quotes and responses, in a browser on a large survey.

    python benchmarks/report_speed.py --rows 20000

The results are made up (no fit); the quotes are the example's texts, each with a number, and all
approved. Times are of the wall, read in the page, and of the processor, as Chromium counts them for
the page's main thread; the middle of five pages, each opened anew. Steps follow one another.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "report")]

ACT = """async ([act, where]) => {
  const tools = document.querySelector(where);
  const field = tools.querySelector("input"), list = [...tools.querySelectorAll("select")].at(-1);
  const say = (node, value, event) => { node.value = value; node.dispatchEvent(new Event(event)); };
  const start = performance.now();
  ({
    key: () => say(field, "t", "input"),
    word: () => say(field, "target", "input"),
    pick: () => say(list, list.options[2].value, "change"),
    clear: () => { say(field, "", "input"); say(list, "", "change"); },
  })[act]();
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""
READY = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() => done(performance.now()))))"""
STEPS = {
    "key": "first key in the search",
    "word": "later key",
    "pick": "a wave picked",
    "clear": "all shown again",
}


def main(rows: int) -> None:
    import pandas as pd
    import standins
    from playwright.sync_api import sync_playwright
    from test_report_browser import CHROMIUM, FLAGS, study_with_pages, written

    from iapt_topics.datasets import load_example
    from iapt_topics.publish import keep_private
    from iapt_topics.report import write_report

    texts = load_example()[0].kept["text"].tolist()
    # A tenth of the made-up rows are blank, copies or no answers.
    ids = standins.responses(n=rows * 10 // 9).kept["response_id"].tolist()
    said = [f"{texts[i % len(texts)]} ({i})" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": said, "approved_by": "A. B.", "paraphrase": ""}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        n, quotes = rows * 10 // 9, pd.DataFrame(sheet)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        public = written(Path(folder), quotes=quotes, n=n)
        measure(browser, public, ".finder", f"Public, {len(ids):,} approved quotes")
        private = write_report(
            Path(folder) / "private.html", keep_private(study_with_pages(quotes=quotes, n=n))
        )
        measure(browser, private, "#find", f"Private, {len(ids):,} responses on the map")
        browser.close()


def measure(browser: Browser, path: Path, where: str, name: str) -> None:
    """Print what each step in the tools at ``where`` takes."""
    print(f"{name}: file of {path.stat().st_size / 1e6:.1f} MB\n")
    taken = []
    for _ in range(5):
        page = browser.new_page()
        counts = page.context.new_cdp_session(page)
        counts.send("Performance.enable")

        def cpu(counts: CDPSession = counts) -> float:
            metrics = counts.send("Performance.getMetrics")["metrics"]
            return next(1000 * m["value"] for m in metrics if m["name"] == "ThreadTime")

        page.goto(path.as_uri())
        row = {"opened, to interactive": (page.evaluate(READY), cpu())}
        for act, words in STEPS.items():
            before = cpu()
            row[words] = (page.evaluate(ACT, [act, where]), cpu() - before)
        taken.append(row)
        page.close()
    print("| what | wall, ms | processor, ms |\n|---|---|---|")
    for step in taken[0]:
        wall, processor = (statistics.median(row[step][k] for row in taken) for k in (0, 1))
        print(f"| {step} | {wall:.0f} | {processor:.0f} |")
    print()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    main(parser.parse_args().rows)
