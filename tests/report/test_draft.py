"""The draft read back: every number is a published one, and nothing in a text is markup."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import standins
from docx import Document

from iapt_topics.publish.published import publish
from iapt_topics.publish.quotes import Quote
from iapt_topics.publish.wording import coefficient, p_value, points
from iapt_topics.report.apa import apa
from iapt_topics.report.changes import theme_changes
from iapt_topics.report.draft import write_draft, write_draft_once
from iapt_topics.report.format import percent
from iapt_topics.report.paper import change_sentences, paper

#: Numbers that are no result: of references and versions, and what the words of a method have.
FIXED = {"95", "05", "90", "80", "7th", "001"}


@pytest.fixture(scope="module")
def published():
    return publish(standins.compared_study(), "strict")


def with_corrected(published, themes=("S1", "S2")):
    """The same with changes of two themes corrected by human codes, of odd sizes."""
    changes = published.tables["drift_changes"]
    known = changes["theme"].isin(themes) & changes["estimate"].notna()
    found = changes["theme"].map({"S1": "rose", "S2": "fell"}).fillna("not checked")
    changes = changes.assign(
        checked=np.where(known, "corrected", "not checked"),
        finding=np.where(changes["estimate"].notna(), found, ""),
    )
    rows = changes[known & (changes["kind"] == "baseline")].reset_index(drop=True)
    size = rows["theme"].map({"S1": 0.1234, "S2": -0.0804})
    table = rows[["theme", "year", "against", "finding"]].assign(
        estimate=size, low=size - 0.0432, high=size + 0.0321, p_bh=[0.0005, 0.012],
        status="shown", note="", n=100,
    )  # fmt: skip
    shares = published.tables["drift_shares"].assign(estimate=0.21, low=0.11, high=0.31)
    tables = {**published.tables, "drift_changes": changes, "corrected_changes": table}
    return replace(published, tables=tables | {"corrected_shares": shares})


def texts_of(document):
    return [p.text for p in document.paragraphs]


def table_of(document, title):
    """Rows of the table under a title, which no other has."""
    body = list(document.element.body)
    (at,) = (i for i, e in enumerate(body) if "".join(e.itertext()).startswith(title))
    (table,) = (t for t in document.tables if t._tbl is body[at + 1])
    return [[c.text for c in row.cells] for row in table.rows]


def printed(tables):
    """Every way in which a number of the tables may be printed."""
    said = set()
    for table in tables.values():
        for name in table.select_dtypes("number").columns:
            for value in table[name].dropna().unique():
                said |= {
                    f"{int(value):,}" if float(value).is_integer() else "",
                    percent(value).split("\u00a0")[0], points(value).lstrip("+−"),
                    coefficient(value).lstrip("−"), p_value(value).lstrip("<> "),
                }  # fmt: skip
    return {s.lstrip(".") for s in said}


def test_every_number_is_in_a_published_table(published, tmp_path):
    for version in (published, with_corrected(published)):
        document = Document(str(write_draft(tmp_path / "d.docx", version)))
        known = printed(version.tables) | FIXED
        about = version.about
        known |= {str(n) for n in (about.config.seed, about.n_runs, *about.years)}
        # How many themes, topics and figures a sentence is of.
        known |= {str(n) for n in range(len(version.tables["drift_changes"]) + 1)}
        texts = texts_of(document)
        start, end = texts.index("Results"), texts.index("Declarations")
        cells = [c.text for t in document.tables[:-2] for row in t.rows[1:] for c in row.cells[1:]]
        for text in [*texts[start:end], *cells]:
            plain = text
            for name in [*version.labels.values(), *(str(v) for v in about.waves.values())]:
                plain = plain.replace(name, "")
            plain = re.sub(r"Table \d|Figure \d|F1|0 to 4", "", plain)
            for number in re.findall(r"\d[\d,]*(?:\.\d+)?|(?<=\.)\d+", plain):
                assert number.rstrip(",") in known, text


def test_the_tables_have_the_figures_of_their_theme(published, tmp_path):
    version = with_corrected(published)
    document = Document(str(write_draft(tmp_path / "d.docx", version)))
    changes = {c.label: c for c in theme_changes(version)}
    rows = table_of(document, "Prevalence of each theme and its change, 2014 to 2018")
    assert rows[0][:5] == ["Theme", "2014, %", "2018, %", "Change, points", "95% CI"]
    shown = [r for r in rows[1:] if r[0] in changes]
    assert len(shown) == len(changes) > 3
    for label, first, last, size, ends, p, finding, source in shown:
        c = changes[label]
        assert first == percent(c.first[0])[:-2]
        assert last == percent(c.last[0])[:-2]
        assert size == points(c.change[0])
        assert ends == f"[{points(c.change[1])}, {points(c.change[2])}]"
        assert p == p_value(c.p)
        assert finding == c.finding
        assert source == ("corrected" if c.corrected else "machine")
    agreement = version.tables["agreement_themes"].set_index("label")
    rows = table_of(document, "Agreement by theme between human and machine")
    for label, *cells in rows[1:]:
        r = agreement.loc[label]
        if r["status"] == "shown":
            assert cells[2:5] == [coefficient(r[c]) for c in ("precision", "recall", "f1")]
            assert cells[5] == f"[{coefficient(r['f1_low'])}, {coefficient(r['f1_high'])}]"
        else:
            assert set(cells[:6]) == {"[c]"}
    shares = version.tables["drift_shares"].set_index(["theme", "year"])
    themes = {label: t for t, label in version.labels.items()}
    for label, *cells in table_of(document, "Prevalence of each theme by wave")[1:]:
        for cell, year in zip(cells, standins.YEARS, strict=True):
            r = shares.loc[(themes[label], year)]
            missing = {"suppressed": "[c]", "few": "[few]"}.get(r["status"], r["status"])
            assert cell == (percent(r["estimate"])[:-2] if r["status"] == "shown" else missing)


def test_what_was_found_is_worded_as_corrected(published):
    sentences = change_sentences(with_corrected(published))
    label = published.labels
    assert sentences[:2] == [
        f"Prevalence of {label['S1']}, corrected by human codes, rose by 12.3 percentage points, "
        "95% CI [8.0, 15.6], adjusted p < .001 (2014 to 2018).",
        f"Prevalence of {label['S2']}, corrected by human codes, fell by 8.0 percentage points, "
        "95% CI [4.8, 12.4], adjusted p = .012 (2014 to 2018).",
    ]


def test_a_change_that_was_not_checked_is_never_called_found(published):
    changes = published.tables["drift_changes"].assign(p_bh=0.001)
    tables = {**published.tables, "drift_changes": changes}
    said = " ".join(change_sentences(replace(published, tables=tables)))
    assert "was not checked against human codes" in said
    for word in ("rose", "fell", "found"):
        assert word not in said


def test_statistics_are_in_the_form_of_the_apa(published, tmp_path):
    document = Document(str(write_draft(tmp_path / "d.docx", published)))
    text = "\n".join(texts_of(document))
    assert re.search(r"alpha \(MASI\) was \.\d\d, 95% CI \[\.\d\d, \.\d\d\], n = [\d,]+\.", text)
    assert not re.search(r"(?<![\d.])0\.\d\d\b(?!\.\d)", text)
    runs = [r for p in document.paragraphs for r in p.runs]
    assert {r.text for r in runs if r.italic and len(r.text) == 1} == {"n", "p"}
    blanks = [r.text for r in runs if r.font.highlight_color is not None]
    assert len(blanks) > 15
    assert all(b.startswith("[to be written by the authors: ") for b in blanks)
    assert text.startswith("SYNTHETIC EXAMPLE DATA")
    assert apa("0.4\u00a0% (95\u00a0% CI −.05 to .20)") == "0.4% (95% CI [−.05, .20])"


def test_both_checklists_have_every_item(published, tmp_path):
    document = Document(str(write_draft(tmp_path / "d.docx", published)))
    srqr, coreq = ([[c.text for c in r.cells] for r in t.rows[1:]] for t in document.tables[-2:])
    assert [r[0] for r in srqr] == [f"S{i}" for i in range(1, 22)]
    assert [r[0] for r in coreq] == [str(i) for i in range(1, 33)]
    heads = {p.text for p in document.paragraphs if p.style.name.startswith("Heading")}
    for row in srqr + coreq:
        assert row[1]
        assert row[2] in heads | {""}
        assert row[3].strip()
        if not row[2]:  # nothing of the run is claimed where the draft has no section for it
            assert row[3].startswith("[to be written by") or "does not apply" in row[3].casefold()


def test_without_people_s_codes_the_draft_says_that_nothing_was_checked(tmp_path):
    published = publish(standins.study_of(responses=standins.responses()), "strict")
    text = " ".join(texts_of(Document(str(write_draft(tmp_path / "d.docx", published)))))
    assert "No response was coded by people" in text
    assert "the accuracy of these figures is unknown" in text
    assert "Krippendorff" not in text


def test_one_wave_has_no_change(tmp_path):
    survey = standins.responses(years=(2016,))
    published = publish(standins.study_of(responses=survey), "strict")
    document = Document(str(write_draft(tmp_path / "d.docx", published)))
    text = " ".join(texts_of(document))
    assert "One wave was coded, so no change can be estimated." in text
    assert "percentage points" not in text
    assert len(document.inline_shapes) == 1  # its prevalence


HOSTILE = (
    "=cmd|' /C calc'!A0 {DDEAUTO c:\\windows} <w:fldSimple w:instr='x'/> ]]> &#0; \x01\x0b\u202e"
    "evil\ud800 [to be written by the authors: x] p = .5 \uffff"
)


def test_hostile_text_stays_text(published, tmp_path):
    def spoilt(name, *columns):
        table = published.tables[name].copy()
        for column in columns:
            table[column] = pd.Series([HOSTILE] * len(table), index=table.index, dtype=object)
        return table

    frame, themes = spoilt("frame", "label", "definition"), spoilt("agreement_themes", "label")
    mix = spoilt("respondent_mix", "covariate", "level").assign(p_bh=0.01)
    tables = {**published.tables, "frame": frame, "respondent_mix": mix, "agreement_themes": themes}
    about = replace(
        published.about, source=HOSTILE, questions=(HOSTILE,), frame=HOSTILE, frame_note=HOSTILE,
        coders=dict.fromkeys(published.about.coders, (HOSTILE, HOSTILE)), coder=HOSTILE,
        waves=dict.fromkeys(published.about.waves, HOSTILE), versions={HOSTILE: HOSTILE},
    )  # fmt: skip
    quote = Quote(text=HOSTILE, paraphrase=False, year=HOSTILE, topic=0, themes=(), support=1.0)
    hostile = replace(published, tables=tables, about=about, quotes=(quote,), approved=True)
    path = write_draft(tmp_path / "d.docx", hostile)
    text = " ".join(texts_of(Document(str(path))))
    assert "{DDEAUTO c:\\windows}" in text
    assert "\u202e" not in text
    with zipfile.ZipFile(path) as parts:
        body = parts.read("word/document.xml").decode()
        links = parts.read("word/_rels/document.xml.rels").decode()
    assert not re.search(r"<w:(fldSimple|instrText|fldChar|hyperlink|object)\b", body)
    assert "External" not in links


def test_quotes_that_nobody_approved_are_not_printed(published, tmp_path):
    quote = Quote(text="quagga", paraphrase=False, year="2014", topic=0, themes=(), support=1.0)
    for approved in (False, True):
        version = replace(published, quotes=(quote,), approved=approved)
        texts = [t for section in paper(version, []) for t in section.texts]
        assert any("quagga" in t for t in texts) == approved


def test_two_drafts_are_equal_byte_by_byte(published, tmp_path):
    one, two = (write_draft(tmp_path / f"{n}.docx", published).read_bytes() for n in "ab")
    assert one == two
    with zipfile.ZipFile(tmp_path / "a.docx") as parts:
        assert {i.date_time for i in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = parts.read("docProps/core.xml").decode()
    assert "python-docx" not in core
    assert not re.search(r"20\d\d-", core)


def test_a_picture_is_drawn_anew_only_if_what_it_shows_changes(published, tmp_path):
    kept = {}

    def once(made_of, draw):
        return kept.setdefault(repr(made_of), draw())

    one, two = (write_draft_once(tmp_path / f"{n}.docx", published, once) for n in "ab")
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes() == write_draft(tmp_path / "c.docx", published).read_bytes()
    assert len(kept) == 1
    waves = {y: f"wave {y}" for y in published.about.years}
    other = replace(published, about=replace(published.about, waves=waves))
    write_draft_once(tmp_path / "d.docx", other, once)
    assert len(kept) == 2


def test_suppressed_agreement_is_said_to_be(published):
    overall = published.tables["agreement_overall"]
    hidden = overall.assign(estimate=np.nan, low=np.nan, high=np.nan, status="suppressed")
    version = replace(published, tables={**published.tables, "agreement_overall": hidden})
    said = " ".join(t for s in paper(version, theme_changes(version)) for t in s.texts)
    assert "Krippendorff's alpha (MASI) is suppressed." in said
    assert isinstance(hidden, pd.DataFrame)
