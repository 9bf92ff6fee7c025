"""What comes back is checked: damaged, foreign and made-up files are refused."""

from __future__ import annotations

import json
import random

import numpy as np
import openpyxl
import pandas as pd
import pytest
from tasks import HOSTILE, coding_task, survey_of

from iapt_topics._base.errors import InputError
from iapt_topics.validation import (
    draw_test,
    load_task,
    read_answers,
    save_task,
    simulate_answers,
    write_task,
)
from iapt_topics.validation.answers import ANSWERS, UnfitError, check_of, parse_answers
from iapt_topics.validation.task import TESTS, THEMES, canonical

WHEN = "2026-03-01T09:30:00.000Z"


def content_of(of, rater, rows, **other):
    """A file as the page exports it."""
    parts = {"format": ANSWERS, "task": of.fingerprint, "rater": rater, "answers": rows}
    parts |= {"check": check_of(parts["task"], rater, rows)} | other
    return canonical(parts).encode()


def filled(task, rater, n=None):
    allowed = task.allowed()
    own = task.assigned.loc[task.assigned["rater"] == rater, "item"].tolist()[:n]
    return [[i, [allowed[i][k % len(allowed[i])]], "", WHEN] for k, i in enumerate(own)]


def exported(path, of, rater="Ann", rows=None, **other):
    rows = filled(of, rater) if rows is None else rows
    path.write_bytes(content_of(of, rater, rows, **other))
    return path


@pytest.fixture(scope="module")
def task():
    return draw_test(survey_of(), "label choice", raters=["Ann", "Ben"], width=0.6)


def test_answers_come_back_with_who_and_when(task, tmp_path):
    files = [exported(tmp_path / f"{r}.json", task, r) for r in ("Ann", "Ben")]
    found = read_answers(files, task)
    assert len(found.table) == len(task.assigned)
    assert found.log["rater"].tolist() == ["Ann", "Ben"]
    assert (found.log["first"] == WHEN).all()
    assert found.log["sha256"].str.len().eq(64).all()
    assert set(found.table["when"]) == {WHEN}
    assert found.task == task.fingerprint


def mangle(content, rng):
    """One of many ways a file goes wrong, by chance or by hand."""
    how = rng.randrange(12)
    data = bytearray(content)
    at = rng.randrange(len(data))
    if how == 0:  # bits
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif how == 1:
        del data[at : at + rng.randrange(1, 60)]
    elif how == 2:
        data = data[:at]
    elif how == 3:
        data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 20)))
    elif how == 4:  # a piece twice
        end = min(len(data), at + rng.randrange(1, 200))
        data[at:at] = data[at:end]
    elif how == 5:  # digits changed, as by a spreadsheet
        places = [i for i, c in enumerate(data) if chr(c).isdigit()]
        data[rng.choice(places)] = ord(rng.choice("0123456789"))
    elif how == 6:
        data = bytearray(content.replace(b"Ann", rng.choice([b"Ben", b"ann", b"Ann ", b""])))
    else:  # parts changed, the check left or forged
        found = json.loads(content)
        rows = found["answers"]
        k = rng.randrange(len(rows))
        if how == 7:
            rows[k][1] = rng.choice([["9"], ["1", "2"], [], ["1", "1"], [1], "1", None, [HOSTILE]])
        elif how == 8:
            rows[k][0] = rng.choice([rows[k - 1][0], "0" * 20, "", "r1", None, HOSTILE])
        elif how == 9:
            rows[k][rng.choice([2, 3])] = rng.choice(
                ["why", "yesterday", "2026-13-01T00:00:00Z", "", None, 7, HOSTILE]
            )
            if rows[k][2] == "" and rows[k][3] == WHEN:
                rows[k][3] = "2026-02-30T00:00:00Z"
        elif how == 10:
            part = rng.choice(["task", "format", "rater", "answers"])
            found[part] = rng.choice(["", "x", None, {}, [], 3, [[]], "\ud800"])
        else:
            rows.append(rng.choice([rows[k], [], ["a", [], "", WHEN], {}]))
        if rng.random() < 0.8 and how != 10:  # by someone who knows how the check is made
            found["check"] = check_of(found["task"], found["rater"], rows)
        try:
            data = bytearray(json.dumps(found).encode())
        except UnicodeEncodeError:
            data = bytearray(b"{}")
    return bytes(data)


@pytest.mark.slow
def test_of_ten_thousand_mangled_files_none_is_taken_for_another():
    task = draw_test(survey_of(), "label choice", raters=["Ann", "Ben"], width=0.9, overlap=0)
    rows = filled(task, "Ann")
    content = content_of(task, "Ann", rows)
    wanted = parse_answers(content, task)
    rng = random.Random(7)
    refused = 0
    for _ in range(10_000):
        bad = mangle(content, rng)
        try:
            got = parse_answers(bad, task)
        except UnfitError:
            refused += 1
            continue
        # What is accepted says what the rater said, letter by letter: blanks between, an empty
        # change, or an edit that is an answer of theirs by someone who made the check anew.
        assert got == wanted, bad
    assert refused > 9_000


def test_what_does_not_belong_is_refused(task, tmp_path):
    def refused(match, **how):
        with pytest.raises(InputError, match=match):
            read_answers(exported(tmp_path / "a.json", task, **how), task)

    rows = filled(task, "Ann")
    other = draw_test(survey_of(), "label choice", raters=["Ann", "Ben"], width=0.6, seed=8)
    refused("another task", task=other.fingerprint)
    refused("who is not one of", rater="Mallory", rows=rows)
    refused("not the rater's", rater="Ben", rows=rows)
    refused("twice", rows=[*rows, rows[0]])
    refused("may not be given", rows=[[rows[0][0], ["9"], "", WHEN]])
    refused("several choices", rows=[[rows[0][0], ["1", "2"], "", WHEN]])
    refused("reason where none", rows=[[rows[0][0], ["1"], "because", WHEN]])
    refused("a time", rows=[[rows[0][0], ["1"], "", "today"]])
    refused("check", check="0" * 64)
    twice = [exported(tmp_path / n, task) for n in ("a.json", "b.json")]
    with pytest.raises(InputError, match="second file of 'Ann'"):
        read_answers(twice, task)
    parts = content_of(task, "Ann", rows).decode()
    (tmp_path / "c.json").write_text('{"rater":"Ben",' + parts[1:], encoding="utf-8")
    with pytest.raises(InputError, match="a part twice"):
        read_answers(tmp_path / "c.json", task)
    deep = tmp_path / "d.json"
    deep.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(InputError, match="no file of the page"):
        read_answers(deep, task)
    with pytest.raises(InputError, match="name a file"):
        read_answers([], task)


def edit(path, change):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    names = [c.value for c in sheet[1]]
    change(sheet, {n: i for i, n in enumerate(names, 1)})
    book.save(path)
    return path


@pytest.mark.parametrize("kind", TESTS)
def test_a_sheet_says_the_same_as_the_page(kind, tmp_path):
    task = draw_test(survey_of(extra=HOSTILE), kind, raters=["Ann"], width=0.8)
    path = write_task(tmp_path / "t.xlsx", task)
    allowed = task.allowed()

    def fill(sheet, at):
        for row in range(2, sheet.max_row + 1, 2):
            item = sheet.cell(row, at["item"]).value
            value = allowed[item][row % len(allowed[item])]
            # As people type: a number, other letters, blanks.
            typed = float(value) if value.isdigit() else f" {value.upper()} "
            sheet.cell(row, at["answer"]).value = typed

    found = read_answers(edit(path, fill), task)
    wanted = {
        i: (allowed[i][(k + 2) % len(allowed[i])],)
        for k, i in enumerate(task.assigned.sort_values("turn")["item"])
        if k % 2 == 0
    }
    assert dict(zip(found.table["item"], found.table["values"], strict=True)) == wanted


def test_a_sheet_in_which_a_column_was_sorted_alone_is_refused(tmp_path):
    task = coding_task(12)
    path = write_task(tmp_path / "t.xlsx", task)

    def fill(sheet, at):
        for row in range(2, 14):
            sheet.cell(row, at["answer"]).value = "i1; S1" if row % 2 else "none"

    found = read_answers(edit(path, fill), task)
    assert set(found.table["values"]) == {("I1", "S1"), ("none",)}

    def labels(sheet, at):
        for row in range(2, 14):
            sheet.cell(row, at["answer"]).value = "therapist identity;Targets and performance"

    found = read_answers(edit(path, labels), task)
    assert set(found.table["values"]) == {("I1", "S1")}

    def sort_items(sheet, at):
        ids = sorted(sheet.cell(r, at["item"]).value for r in range(2, 14))
        for r, i in enumerate(ids, 2):
            sheet.cell(r, at["item"]).value = i

    with pytest.raises(InputError, match="sorted alone"):
        read_answers(edit(path, sort_items), task)
    for wrong, match in (("S1; none", "several choices"), ("zebra", "may not be given"),
                         ("S1; S1", "may not be given")):  # fmt: skip
        path = write_task(tmp_path / "u.xlsx", task)
        with pytest.raises(InputError, match=match):
            read_answers(edit(path, lambda s, at, w=wrong: s.cell(3, at["answer"], w)), task)
    nobody = write_task(tmp_path / "v.xlsx", task)
    with pytest.raises(InputError, match="needs one"):
        read_answers(edit(nobody, lambda s, at: [s.cell(r, at["rater"], "") for r in range(2, 14)]),
                     task)  # fmt: skip


@pytest.mark.slow
def test_of_five_hundred_mangled_sheets_none_is_taken_for_another(tmp_path):
    task = draw_test(survey_of(), "label choice", raters=["Ann", "Ben"], width=0.9, overlap=0)
    write_task(tmp_path / "t.csv", task, rater="Ann")
    sheet = pd.read_csv(tmp_path / "t.csv", dtype=str, keep_default_na=False)
    sheet["answer"] = [str(1 + k % 4) for k in range(len(sheet))]
    rng = random.Random(3)

    def read(table):
        table.to_csv(tmp_path / "u.csv", index=False)
        found = read_answers(tmp_path / "u.csv", task).table
        return dict(zip(found["item"], found["values"], strict=True)), set(found["rater"])

    wanted = read(sheet)
    assert len(wanted[0]) == len(sheet)
    refused = 0
    for _ in range(500):
        bad, k = sheet.copy(), rng.randrange(len(sheet))
        column = rng.choice(["text", "choices", "item", "rater", "note", "answer"])
        how = rng.randrange(4)
        if how == 0:  # a column sorted or moved alone
            bad[column] = bad[column].tolist()[1:] + bad[column].tolist()[:1]
        elif how == 1:
            bad.loc[k, column] = rng.choice(
                ["x", "9", "1; 2", "=1+1", "\x07", sheet[column].iloc[k - 1]]
            )
        elif how == 2:
            bad = pd.concat([bad, bad.iloc[[k]]])
        else:
            bad = bad.drop(columns=column)
        try:
            got = read(bad)
        except InputError:
            refused += 1
            continue
        # What a rater may have meant: an answer of theirs changed, or what changed nothing.
        allowed = (column == "answer" and how in (0, 1)) or bad.equals(sheet)
        assert allowed or got == wanted, (column, how)
    assert refused > 300


def test_a_task_is_kept_whole_and_a_change_is_found(tmp_path):
    for kind in TESTS:
        task = draw_test(survey_of(), kind, raters=["Ann"], width=0.8)
        path = save_task(tmp_path / "task.json", task)
        assert path.stat().st_mode & 0o077 == 0
        again = load_task(path)
        assert again.fingerprint == task.fingerprint
        pd.testing.assert_frame_equal(again.key, task.key)
        pd.testing.assert_frame_equal(again.assigned, task.assigned)
    text = path.read_text("utf-8")
    path.write_text(text.replace("caseload", "workload", 1), encoding="utf-8")
    with pytest.raises(InputError, match="fingerprint"):
        load_task(path)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="save_task"):
        load_task(path)


def test_ids_tell_nothing_and_hold_across_runs():
    study = survey_of()
    for kind in TESTS:
        one, two = (draw_test(study, kind, raters=["Ann"], width=0.8, seed=s) for s in (7, 8))
        again = draw_test(study, kind, raters=["Ann"], width=0.8)
        assert one.fingerprint == again.fingerprint
        assert not set(one.items["item"]) & set(two.items["item"])
    # Another survey gives the same item another id: without the texts nobody can work them out.
    a, b = coding_task(5), coding_task(5)
    assert a.fingerprint == b.fingerprint


def test_raters_see_every_item_and_share_some():
    task = draw_test(survey_of(), THEMES, raters=["A", "B", "C"], overlap=0.25, width=0.7)
    times = task.assigned.groupby("item")["rater"].nunique()
    assert set(times) == {1, 3}
    assert (times == 3).mean() == pytest.approx(0.25, abs=0.02)
    assert len(times) == len(task.items)
    n = task.assigned.groupby("rater").size()
    assert n.max() - n.min() <= 1
    found = simulate_answers(task, seed=3)
    assert len(found.table) == len(task.assigned)
    assert np.all(found.table["source"] == "simulated")
