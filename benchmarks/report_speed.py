"""How quickly the report opens and finds quotes in a browser when the survey is large.

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
    from playwright.sync_api import CDPSession

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "report")]

ACT = """async (act) => {
  const tools = document.querySelector(".finder");
  const field = tools.querySelector("input"), list = tools.querySelector("select");
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
    from test_report_browser import CHROMIUM, FLAGS, written

    from iapt_topics.datasets import load_example

    texts = load_example()[0].kept["text"].tolist()
    # A tenth of the made-up rows are blank, copies or no answers.
    ids = standins.responses(n=rows * 10 // 9).kept["response_id"].tolist()
    said = [f"{texts[i % len(texts)]} ({i})" for i in range(len(ids))]
    sheet = {"response_id": ids, "text": said, "approved_by": "A. B.", "paraphrase": ""}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = written(Path(folder), quotes=pd.DataFrame(sheet), n=rows * 10 // 9)
        print(f"{len(ids):,} responses, file of {path.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
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
            for act, name in STEPS.items():
                before = cpu()
                row[name] = (page.evaluate(ACT, act), cpu() - before)
            taken.append(row)
            page.close()
        browser.close()
    print("| what | wall, ms | processor, ms |\n|---|---|---|")
    for name in taken[0]:
        wall, processor = (statistics.median(row[name][k] for row in taken) for k in (0, 1))
        print(f"| {name} | {wall:.0f} | {processor:.0f} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    main(parser.parse_args().rows)
