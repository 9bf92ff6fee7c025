from __future__ import annotations

import warnings

import psutil
import pytest
from conftest import BagOfWords

from iapt_topics._base import memory as _memory
from iapt_topics._base.errors import InputError
from iapt_topics._base.memory import check_memory, give_back, memory
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.pipeline.run import run_study

FRAME = ThemeFrame(name="f", themes=(Theme(id="A", label="caseload"),))


def test_a_run_that_fits_says_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_memory(2000)


def test_a_run_that_may_not_fit_is_warned_of_before_it_begins(monkeypatch, survey):
    class Encoder(BagOfWords):
        def encode(self, texts):
            raise AssertionError("it has begun")

    monkeypatch.setattr(_memory, "memory", lambda: (0.5e9, 16e9))
    with (
        pytest.warns(UserWarning, match=r"about 0\.\d GB for 150 responses, and 0\.5 GB are free"),
        pytest.raises(AssertionError, match="begun"),
    ):
        run_study(survey, FRAME, Encoder())
    monkeypatch.setattr(_memory, "memory", lambda: (0.2e9, 0.4e9))
    with pytest.raises(InputError, match=r"must fit into memory, .* got 0\.4 GB in all"):
        run_study(survey, FRAME, Encoder())


def test_more_responses_need_more(monkeypatch):
    monkeypatch.setattr(_memory, "memory", lambda: (8e9, 16e9))
    check_memory(20_000)
    with pytest.raises(InputError, match="2,000,000 responses"):
        check_memory(2_000_000)


def test_free_memory_is_what_the_system_says():
    free, whole = memory()
    assert 1e8 < free <= whole


def test_freed_memory_is_given_back_where_it_can_be(monkeypatch):
    called = []
    monkeypatch.setattr(psutil, "heap_trim", lambda: called.append(True), raising=False)
    give_back()
    assert called == [True]
    monkeypatch.delattr(psutil, "heap_trim")
    give_back()
