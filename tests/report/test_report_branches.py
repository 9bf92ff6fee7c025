"""Whatever years and hand codes a study has, its report can be made, and reads what is there."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import jinja2
import numpy as np
import pytest
import standins
from jinja2 import meta, nodes

from iapt_topics.agreement.comparison import compare_codes
from iapt_topics.codes.axis import axis_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import measure_drift
from iapt_topics.publish import publish
from iapt_topics.report import change, findings, grids, sections, write_report
from iapt_topics.report.page import render

#: Sizes of the hand-coded sample: nobody's, too few to show, some of the shares, most of them.
SIZES = (0, 1, 8, 60, 150, 300, 500)


def person(name, machine, rng, size):
    """A coder of a random sample, who gives most of the machine's themes and some others."""
    seen = machine.seen.iloc[rng.permutation(len(machine.seen))[:size]]
    table = machine.table[machine.table["response_id"].isin(seen["response_id"])].copy()
    other = rng.random(len(table)) < 0.2
    table.loc[other, "theme"] = rng.choice(machine.themes, other.sum())
    table = table.drop_duplicates(["response_id", "theme"]).assign(score=np.nan)
    return Codes(coder=name, kind="human", themes=machine.themes, seen=seen, table=table)


def study(rng, years, sizes, *, n=700, rule="default"):
    """What is published of these years, with a coder for each size."""
    survey = standins.responses(n=n, years=years)
    machine = standins.codes(survey)
    human = tuple(person(c, machine, rng, size) for c, size in zip("AB", sizes, strict=False))
    compare = partial(compare_codes, responses=survey, n_boot=20)
    pairs = {}
    if human:
        pairs["comparison"] = compare(human[0], machine)
    if len(human) > 1:
        pairs["benchmark"] = compare(*human)
    axis = measure_drift(axis_codes(machine, standins.frame()), survey, n_boot=20)
    parts = {"responses": survey, "codes": machine, "human": human, "axis_drift": axis}
    return publish(standins.study_of(**parts, **pairs), rule, quotes=False)


def names_read():
    """Every name that the template reads of its values, as a path: ``("drift", "mix", "new")``."""
    loader = jinja2.PackageLoader("iapt_topics", "report")
    tree = jinja2.Environment(loader=loader).parse(
        loader.get_source(jinja2.Environment(), "template.html.j2")[0]
    )
    given, paths = meta.find_undeclared_variables(tree), set()
    for node in tree.find_all((nodes.Getattr, nodes.Name)):
        path = []
        while isinstance(node, nodes.Getattr):
            path, node = [node.attr, *path], node.node
        if isinstance(node, nodes.Name) and node.name in given:
            paths.add((node.name, *path))
    return paths


def not_set(values):
    """The names that are read and not there; what is None is not read further."""
    gone = []
    for path in names_read():
        here = values
        for name in path:
            if here is None:
                break
            if not (name in here if isinstance(here, dict) else hasattr(here, name)):
                gone.append(".".join(path))
                break
            here = here[name] if isinstance(here, dict) else getattr(here, name)
    return sorted(gone)


def written(published, tmp_path):
    return write_report(tmp_path / "r.html", published).read_text("utf-8")


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(i, marks=pytest.mark.slow) for i in range(4, 12))]
)
def test_any_sample_of_any_years_has_a_report(seed):
    rng = np.random.default_rng(seed)
    years = sorted(rng.choice(standins.YEARS, rng.integers(1, 6), replace=False).tolist())
    first = int(rng.choice(SIZES))
    sizes = {0: (), 1: (first,), 2: (first, 10_000)}[int(rng.integers(3)) if first else 0]
    published = study(rng, tuple(years), sizes, n=int(rng.choice([150, 400, 700])))
    values = sections.page_values(published)
    # The others are of page.py: style and script, and their hashes.
    assert not_set(values) == ["script", "script_hash", "style", "style_hash"]
    assert "</html>" in render(values)


def test_shares_by_year_without_a_change_to_the_last_year_have_a_report(tmp_path):
    published = study(np.random.default_rng(0), standins.YEARS, (200,))
    changes = published.tables["agreement_changes"]
    changes.loc[changes["year"] == changes["year"].max(), "status"] = "suppressed"
    assert (published.tables["agreement_years"]["status"] == "shown").any()
    assert "Machine and human prevalence by wave" in written(published, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(), (300,), (300, 10_000)])
def test_of_one_year_no_change_is_spoken_of(sizes, tmp_path):
    published = study(np.random.default_rng(0), (2016,), sizes, n=3000)
    page = written(published, tmp_path).partition("<h1 ")[2].partition("<script>")[0]
    for words in (
        "o significant change", "hanges in", "between years", "different years", "ny difference",
        "did not happen", "djusted p", "inear trend", "minimum detectable",
        "hat changed?", "between waves", "different waves",
        "against 2016", "2016 to 2016", "2016 and 2016", "2016–2016", "ources of uncertainty",
    ):  # fmt: skip
        assert words not in page, words
    assert ("Machine and human prevalence by wave" in page) == bool(sizes)


def test_where_no_change_can_be_shown_none_is_counted(tmp_path):
    published = study(np.random.default_rng(0), (2014, 2018), (), n=120, rule="strict")
    assert published.tables["drift_changes"]["estimate"].isna().all()
    text = written(published, tmp_path)
    assert re.search(r"Changes in \d themes are suppressed", text)
    assert " 0 themes" not in text
    assert "of 0 themes" not in text
    assert "further theme" not in text


def test_what_is_suppressed_is_no_rank_and_no_list():
    """Of a survey where little is shown, nothing is said that reads as a finding."""
    published = publish(standins.study_of(responses=standins.responses(n=300)), quotes=False)
    shares = published.tables["theme_shares"].copy()
    some = shares.assign(count=[20, *[float("nan")] * (len(shares) - 1)], estimate=0.1)
    some.loc[1:, "estimate"] = float("nan")

    def with_shares(table):
        return replace(published, tables={**published.tables, "theme_shares": table})

    said = findings.frequent(with_shares(some))
    assert said.startswith("The most frequent themes that can be shown were ")
    none = with_shares(some.assign(estimate=some["estimate"].where(some.index > 0, 0.0)))
    assert findings.frequent(none) == ""
    assert grids.share_chart(none.tables["theme_shares"], {}) is None
    excluded = sections.excluded({"read": 90, "blank": 5, "non_answer": float("nan")})
    assert excluded == ["blank (5)", "rows whose number is suppressed"]
    empty = published.tables["drift_shares"].assign(count=0.0, estimate=float("nan"))
    tables = {**published.tables, "drift_shares": empty}
    assert change.heat_map(replace(published, tables=tables)) is None
