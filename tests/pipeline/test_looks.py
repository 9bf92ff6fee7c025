"""Each look at the codes that test a machine is written down, in the private folder."""

import os
from dataclasses import replace

import numpy as np
import pytest
from coded_surveys import survey

from iapt_topics import InputError
from iapt_topics.pipeline.looks import LOOKS, count_look, record_look


@pytest.fixture
def pair():
    machine, _ = survey(np.full(30, 2014), np.arange(30)[:, None] < 10)
    return machine, replace(machine, coder="Ann", kind="human")


def test_another_machine_or_target_is_another_look_and_the_same_question_is_not(tmp_path, pair):
    machine, human = pair
    assert record_look(tmp_path, machine, human) == 1
    assert record_look(tmp_path, machine, human) == 1
    assert record_look(tmp_path, machine, human, precision=0.7, recall=0.5) == 2
    better = replace(machine, table=machine.table.iloc[1:])
    assert record_look(tmp_path, better, human) == 3
    assert record_look(tmp_path, machine, human) == 1
    other = replace(human, seen=human.seen.iloc[:29], table=human.table)
    assert record_look(tmp_path, machine, other) == 1  # other test codes
    known = (tmp_path / "private" / LOOKS).read_bytes()
    assert count_look(tmp_path, machine, human) == 1
    assert count_look(tmp_path, better, human) == 3
    assert count_look(tmp_path, replace(machine, table=machine.table.iloc[2:]), human) == 4
    assert count_look(tmp_path / "new", machine, human) == 1
    assert (tmp_path / "private" / LOOKS).read_bytes() == known
    assert not (tmp_path / "new").exists()
    rows = (tmp_path / "private" / LOOKS).read_text().splitlines()
    assert len(rows) == 5
    assert not any(i in "".join(rows) for i in machine.seen["response_id"])


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes of files")
def test_the_record_is_for_this_account_alone_and_no_link(tmp_path, pair):
    record_look(tmp_path, *pair)
    path = tmp_path / "private" / LOOKS
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="must not be a link"):
        record_look(tmp_path, *pair)


def test_a_record_that_lost_a_column_is_refused(tmp_path, pair):
    record_look(tmp_path, *pair)
    (tmp_path / "private" / LOOKS).write_text("when,test\n1,2\n")
    with pytest.raises(InputError, match="machine"):
        record_look(tmp_path, *pair)
