"""Hand codes joined by coder; which task a file of answers is to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.pipeline.hand_codes import join_codes
from iapt_topics.pipeline.judged import keep_task
from iapt_topics.validation.answers import find_task, read_answers
from iapt_topics.validation.page import write_task
from iapt_topics.validation.task import WORDS, Choice, Item, build_task, load_task

THEMES = ("S1", "S2")


def coded(coder, given, themes=THEMES):
    """Codes of a coder: themes by response."""
    pairs = [(r, t, np.nan) for r, own in given.items() for t in own]
    return Codes(
        coder=coder, kind="human", themes=themes,
        seen=pd.DataFrame({"response_id": list(given), "respondent_id": ""}),
        table=pd.DataFrame(pairs, columns=["response_id", "theme", "score"]),
    )  # fmt: skip


def as_sets(codes):
    own = codes.table.groupby("response_id")["theme"].agg(set).to_dict()
    return {r: own.get(r, set()) for r in codes.seen["response_id"]}


CODES = st.dictionaries(st.sampled_from("abcdef"), st.sets(st.sampled_from(THEMES)), min_size=1)


@pytest.mark.slow
@given(CODES, CODES)
def test_codes_are_joined_as_dicts_are_and_conflicts_are_said(before, new):
    other = coded("Ben", {"z": {"S1"}})
    differ = any(before[r] != new[r] for r in before.keys() & new.keys())
    if differ:
        with pytest.raises(InputError, match="others than before for"):
            join_codes([coded("Ann", before)], [coded("Ann", new)], force=False)
    ann, ben = join_codes([coded("Ann", before), other], [coded("Ann", new)], force=differ)
    assert as_sets(ann) == before | new
    assert ben is other


def test_codes_of_fewer_themes_are_not_taken_for_those_of_all():
    """A theme that nobody looked for would become one that is not there."""
    with pytest.raises(InputError, match="must be of every theme"):
        join_codes([coded("Ann", {"a": {"S1"}}, ("S1",))], [coded("Ben", {"a": set()})], force=True)


def task_of(words, raters=("Ann",)):
    choices = tuple(Choice(str(k), word) for k, word in enumerate(words, 1))
    key = {"topic": 0, "label": "", "right": "1", "others": (), "members": ""}
    return build_task(
        WORDS, b"secret", ("Words",), [(Item((), choices), key)], {r: [0] for r in raters}
    )


def test_a_sheet_and_an_export_find_their_task_and_others_are_refused(tmp_path):
    one, other = task_of(["pay", "team", "cat"]), task_of(["room", "desk", "dog"])
    sheet = write_task(tmp_path / "s.csv", other)
    assert find_task(sheet, [one, other]) is other
    book = write_task(tmp_path / "s.xlsx", one)
    assert find_task(book, [one, other]) is one
    with pytest.raises(InputError, match="must be to a task of this study"):
        find_task(sheet, [one])
    for k, text in enumerate(("", "[]", "{}", '{"task": []}', "item\nx\n", "\x00\xff")):
        for kind in ("json", "csv"):
            bad = tmp_path / f"{k}.{kind}"
            bad.write_text(text, "utf-8")
            with pytest.raises(InputError):
                find_task(bad, [one, other])
    table = pd.read_csv(sheet, dtype=str, keep_default_na=False).assign(answer="2")
    table.to_csv(sheet, index=False)
    assert read_answers(sheet, other).table["values"].tolist() == [("2",)]


def test_a_key_is_not_replaced_by_that_of_other_raters(tmp_path):
    words = ["pay", "team", "cat"]
    path = keep_task(tmp_path, task_of(words))
    assert path.parent == tmp_path / "private" / "validation"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert keep_task(tmp_path, task_of(words)) == path  # the same again
    with pytest.raises(InputError, match="for other raters"):
        keep_task(tmp_path, task_of(words, ("Ben",)))
    assert load_task(path).raters == ("Ann",)
    assert keep_task(tmp_path, task_of(words, ("Ben",)), force=True) == path
    assert load_task(path).raters == ("Ben",)
