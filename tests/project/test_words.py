"""One vocabulary in all that a user reads: the field's own words, and none of those struck."""

from __future__ import annotations

import ast
import base64
import importlib
import inspect
import re
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
import standins
import typer

import iapt_topics as it
from iapt_topics.cli import app
from iapt_topics.codes.axis import axis_codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.publish import publish
from iapt_topics.report.changes import theme_changes
from iapt_topics.report.page import render
from iapt_topics.report.paper import paper
from iapt_topics.report.sections import page_values

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: What is not said, and what is said for it. Patterns are looked for whatever their case.
STRUCK = {
    # statistical disclosure control
    # Hidden rows and columns of a workbook are what spreadsheets call them.
    r"\bhidden\b(?![ -](?:rows?|columns?)\b)": "suppressed ([c])",
    r"withh[eo]ld": "suppressed",
    r"\bset off\b": "differenced",
    r"\b(?:give|gives|given|gave|giving) (?:\w+ ){0,2}away\b": "disclose, derive",
    r"by subtraction": "by differencing",
    r"not shown[:,.]|compared in public": "suppressed",
    # uncertainty
    r"\bdoubt\b": "uncertainty, interval",
    r"how sure\b|how surely|\bsureness\b|not sure\b|\bunsure\b": "consensus support, interval",
    r"more than chance|by chance alone|chance reaches": "significant; expected by chance",
    r"\bdealt\b(?! with)": "permuted",
    r"four times (?:out of|in) five": "with 80 % power",
    r"usually have been seen|could have been seen": "detectable",
    r"smallest (?:detectable )?change": "minimum detectable change",
    r"add up by": "combine in quadrature",
    r"some way off|off by chance": "rounded figures may not sum to totals",
    r"stands? out most": "best-supported",
    r"steady (?:rise|fall)(?! or fall)": "linear trend",
    r"\bp (?:=|<|is below|below) 0\.\d": "p < .001",
    # agreement
    r"\bceiling\b": "benchmark",
    r"asked of the machine": "benchmark",
    r"\bdissonant\b|\bsilent\b": "dissonance, silence",
    r"where they (?:meet|part)|meet both ways": "convergence; themes match topics",
    r"two people, first": "human-human agreement",
    # coding and sampling
    r"\b(?:gave|give|gives|given|giving) (?:a|the|which|no|one) themes?\b": "apply, code",
    r"\b(?:coders?|both|two|machine|people|person) saw\b|\bwere seen by\b": "coded",
    r"could (?:be given|give)\b": "code set",
    r"for what (?:they|it) (?:may )?(?:holds?|teach)": "purposive sample",
    r"stand for themselves": "purposive sample",
    # respondents
    r"(?<!respondents )\bwho answered\b": "respondent mix, respondent id",
    r"\bhow (?:they|people) answered\b": "response quality",
    r"same mix\b(?! of themes)": "fixed respondent mix",
    r"took (?:\w+ ){0,2}up\b|let (?:it )?go\b": "gained, lost the theme",
    # relevance and regression
    r"sp(?:eak|eaks|oke|oken) of\b": "mention; relevance score",
    r"\byardstick\b": "reference scale",
    r"cannot be told apart|parts? (?:them )?without fault": "aliased; complete separation",
    r"unlike that in all|vaguest": "sample imbalance; least precise",
    # tone
    r"not asked for": "not requested",
    r"people decide, people teach": "review and train",
}
#: Where a struck word stands for another thing, with the reason.
ALLOWED = {
    ("index.md", "hidden"): "a word of Sphinx",
}


def found_in(text: str, where: str) -> list[str]:
    """Each struck wording in a text, with what stands around it."""
    plain = " ".join(text.replace("\u00a0", " ").replace("\u2019", "'").split())
    name = where.rsplit("/", 1)[-1]
    return [
        f"{where}: ...{plain[max(m.start() - 40, 0) : m.end() + 40]}... Say: {instead}"
        for pattern, instead in STRUCK.items()
        for m in re.finditer(pattern, plain, re.IGNORECASE)
        if (name, m[0].casefold()) not in ALLOWED
    ]


def test_a_struck_word_is_found():
    assert "Say: suppressed ([c])" in found_in("Small numbers\nare Hidden.", "page.md")[0]
    assert not found_in(":hidden:", "docs/index.md")
    assert not found_in("Hidden rows of a workbook", "page.md")


class Words(HTMLParser):
    """What a page says, its alternative texts too."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.inside = tag
        self.said += [v or "" for k, v in attrs if k in ("alt", "aria-label")]
        for name, value in attrs:
            if name == "src" and (value or "").startswith("data:image/svg"):
                picture = base64.b64decode(value.partition(",")[2]).decode()
                self.said += re.findall(r"<!-- (.*?) -->", picture)  # each text that is drawn

    def handle_data(self, data):
        if self.inside not in ("script", "style"):
            self.said.append(data)


def study(years, *, coded=True):
    """What is published of a made-up study of these years."""
    survey = standins.responses(years=years)
    codes = standins.codes(survey)
    parts = {}
    if coded:
        parts = {
            "comparison": standins.comparison(),
            "benchmark": standins.comparison("coder A", "coder B", 0.1),
            "axis_drift": measure_drift(axis_codes(codes, standins.frame()), survey, n_boot=20),
        }
    return publish(standins.study_of(responses=survey, codes=codes, **parts), quotes=True)


@pytest.mark.parametrize(
    ("years", "coded"), [(standins.YEARS, True), ((2014, 2018), True), ((2016,), False)]
)
def test_the_report_and_the_draft(years, coded):
    published = study(years, coded=coded)
    page = " ".join(Words(render(page_values(published))).said)
    sections = paper(published, theme_changes(published))
    said = [t for s in sections for t in (s.heading, *s.texts)]
    said += [c for s in sections for g in s.tables for row in (g.head, *g.rows) for c in row]
    draft = " ".join(said)
    assert ("Macro-F1 is" in page) == coded
    assert not found_in(page, "report") + found_in(draft, "draft")


def test_the_command_line():
    said = [key.about for key in KEYS]
    for command in typer.main.get_command(app).commands.values():
        said += [command.help or "", *(p.help or "" for p in command.params if hasattr(p, "help"))]
    assert not [f for text in said for f in found_in(text, "command line")]


def test_the_notes_on_columns():
    path = ROOT / "iapt_topics" / "publish" / "column_notes.toml"
    notes = tomllib.loads(path.read_text("utf-8"))
    assert not [
        f for part in notes.values() for text in part.values() for f in found_in(text, path.name)
    ]


def test_messages_notes_and_labels():
    """Every text of the code that is a sentence or a phrase, but for docstrings."""
    found = []
    for path in sorted((ROOT / "iapt_topics").rglob("*.py")):
        if path.parent.name == "datasets":  # the sentences of the made-up survey
            continue
        tree = ast.parse(path.read_text("utf-8"))
        docs = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        texts = (n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in docs)
        for node in texts:
            if isinstance(node.value, str) and " " in node.value.strip():
                found += found_in(node.value, f"{path.parent.name}/{path.name}:{node.lineno}")
    assert not found


PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *sorted(DOCS.rglob("*.rst"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_pages(page):
    assert not found_in(page.read_text("utf-8"), str(page.relative_to(ROOT)))


def public():
    """Docstrings of every public object and its public methods, by name."""
    rooms = [it, *(importlib.import_module(f"iapt_topics.{p.parent.name}")
                   for p in sorted((ROOT / "iapt_topics").glob("*/__init__.pyi")))]  # fmt: skip
    things = {name: getattr(room, name) for room in rooms for name in dir(room) if name[0] != "_"}
    found = {}
    for name, thing in things.items():
        if inspect.ismodule(thing) or not callable(thing):
            continue
        found[name] = inspect.getdoc(thing) or ""
        for method, value in vars(thing).items() if inspect.isclass(thing) else ():
            if not method.startswith("_"):
                found[f"{name}.{method}"] = inspect.getdoc(value) or ""
    return found


def test_the_public_docstrings():
    assert not [f for name, doc in public().items() for f in found_in(doc, name)]


if __name__ == "__main__":
    every = [f for p in PAGES for f in found_in(p.read_text("utf-8"), str(p.relative_to(ROOT)))]
    every += [f for name, doc in public().items() for f in found_in(doc, name)]
    sys.stdout.write("\n".join(every) + "\n")
