"""The rule itself, and which cells of linked tables it hides: values worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import standins
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from iapt_topics._base.errors import InputError
from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import LinkedCounts, is_base
from iapt_topics.publish.disclosure import (
    PRESETS,
    STRICT,
    Disclosure,
    common_words,
    parse_rule,
    word_users,
)
from iapt_topics.publish.suppression import Cell, Protection, suppress
from iapt_topics.survey.responses import Responses


@pytest.mark.parametrize(("count", "small"), [(0, False), (1, True), (9, True), (10, False)])
def test_small_is_one_to_nine_people(count, small):
    assert STRICT.is_small(count) is small


@pytest.mark.parametrize(("count", "cell", "base"), [(0, 0, 0), (4, 1, 1), (5, 0, 1), (10, 0, 0)])
def test_by_default_cells_of_four_and_bases_of_nine_are_small(count, cell, base):
    assert (Disclosure().is_small(count), Disclosure().is_small_base(count)) == (cell, base)


def test_a_rule_says_what_it_protects():
    said = Disclosure().sentence
    for words in (
        "from 0 to 4 respondents are not distinguished",
        "rounded to 3",
        "fewer than 10 respondents",
    ):
        assert words in said
    assert "changed at random by up to 3" in PRESETS["noise"].sentence
    assert "OFF" in parse_rule(1).sentence


@pytest.mark.parametrize("what", ["min_base", "min_cell", "round_to", "percent_base", "noise"])
@pytest.mark.parametrize("bad", [-1, 2.5, True, "10", None])
def test_a_rule_is_made_of_whole_numbers(what, bad):
    with pytest.raises(InputError, match=what):
        Disclosure(**{what: bad})


@pytest.mark.parametrize(
    ("base", "count", "shown"),
    [(5, 0, 0), (5, 2, 0), (5, 3, 5), (5, 12, 10), (5, 13, 15), (10, 5, 10), (1, 7, 7)],
)
def test_counts_are_rounded_to_the_nearest_multiple_halves_up(base, count, shown):
    assert Disclosure(round_to=base).rounded(count) == shown


def answers(*rows: tuple[str, str]) -> Responses:
    table = pd.DataFrame(rows, columns=["respondent_id", "text"])
    ids = [f"r{i}" for i in range(len(rows))]
    table = table.assign(response_id=ids, year=2020, question="", status="kept")
    return Responses(table=table, source="table")


def test_words_are_counted_by_person_whatever_their_case():
    users = word_users(answers(("p", "Pay is poor"), ("p", "the pay"), ("q", "PAY"), ("", "rooms")))
    assert {w: len(who) for w, who in users.items()} == {
        "pay": 2, "is": 1, "poor": 1, "the": 1, "rooms": 1,
    }  # fmt: skip


def test_a_phrase_is_kept_from_that_many_people_on_who_used_all_its_words():
    users = {"low": {*range(10)}, "pay": {*range(5, 15)}, "band": {*range(10)}}
    assert common_words(["low", "low band", "low pay"], users, 10) == ("low", "low band")
    assert common_words(["low"], users, 11) == ()


def hidden(counts, lines, least=10, *, behind=None, **more):
    """Cells that are hidden; each response is from a person of its own unless ``behind`` says."""
    of = behind or {}
    cells = {
        k: Cell(n, frozenset(of.get(k, [(k, i) for i in range(n)]))) for k, n in counts.items()
    }
    for total, parts in lines:
        every = frozenset().union(*(cells[p].people for p in parts))
        cells.setdefault(total, Cell(sum(cells[p].count for p in parts), every))
    asked = {k: more.pop(k) for k in ("least_of", "few", "values", "order") if k in more}
    return suppress(cells, lines, Protection(least=least, **asked), **more)


def test_people_are_counted_not_responses():
    counts = {"a": 12, "b": 30, "c": 40}
    line = [("total", ("a", "b", "c"))]
    assert hidden(counts, line) == set()
    assert hidden(counts, line, behind={"a": range(3)}) == {"a", "b"}


def test_the_smallest_neighbour_is_hidden_with_a_small_one():
    assert hidden({"a": 4, "b": 20, "c": 36, "d": 0}, [("total", tuple("abcd"))]) == {"a", "b"}


def test_what_is_hidden_together_rests_on_enough_people():
    counts, line = {"a": 4, "b": 7, "c": 50, "d": 60}, [("total", tuple("abcd"))]
    assert hidden(counts, line) == {"a", "b"}
    same = {"a": range(4), "b": range(4)}
    assert hidden(counts, line, behind=same) == {"a", "b", "c"}


def test_a_sum_that_bounds_its_parts_too_closely_hides_one_more():
    # 4 + 3 + 3 = 10, and none is 0: the first is 1 to 8, which is one value short of 1 to 9.
    counts = {"a": 4, "b": 3, "c": 3, "d": 50, "e": 60}
    assert hidden(counts, [("total", tuple("abcde"))]) == {"a", "b", "c", "d"}
    # 4 + 6 = 10: each is 1 to 9.
    assert hidden({"a": 4, "b": 6, "d": 50}, [("total", tuple("abd"))]) == {"a", "b"}


def test_what_a_count_cannot_exceed_bounds_the_others():
    # Of 30, b is at most 21, so a is at least 9; and it is at most 10.
    counts, line = {"a": 9, "b": 21}, [("total", ("a", "b"))]
    assert hidden(counts, line) == {"a", "b"}
    assert hidden(counts, line, most={"a": 10, "b": 21}) == {"a", "b", "total"}


def test_a_small_rest_that_no_table_holds_is_protected():
    # 15 less 12 would give it away; it is not among what is to be hidden, for nothing shows it.
    counts, line = {"part": 12, "rest": 3}, [("whole", ("part", "rest"))]
    assert hidden(counts, line, never_shown=["rest"]) == {"part"}
    counts = {"part": 12, "rest": 30}
    assert hidden(counts, line, never_shown=["rest"]) == set()


def test_a_large_cell_that_no_table_holds_hides_nothing_if_it_follows_from_others():
    lines = [("one", ("a", "b")), ("two", ("b", "d"))]
    assert hidden({"a": 4, "b": 26, "d": 14}, lines, never_shown=["b"]) == {"a", "d"}


def test_an_empty_cell_hides_nothing():
    lines = [("one", ("a", "b")), ("two", ("b", "z"))]
    counts = {"a": 4, "b": 26, "z": 0}
    assert hidden(counts, lines, never_shown=["z"]) == {"a", "b", "two"}


SQUARE = [("r0", ("a", "b")), ("r1", ("c", "d")), ("c0", ("a", "c")), ("c1", ("b", "d"))]


@pytest.mark.parametrize("least", [2, 10])
def test_a_small_cell_of_a_square_hides_all_four(least):
    counts = {"a": 1, "b": 20, "c": 30, "d": 40}
    assert hidden(counts, SQUARE, least) == {"a", "b", "c", "d"}


def few_of(counts, least=5):
    return {k: least - 1 for k, n in counts.items() if n < least}


def test_of_few_three_values_are_enough():
    # 3 + 9: the first is 0 to 4 with the second hidden too.
    counts, line = {"a": 3, "b": 9, "c": 40}, [("total", tuple("abc"))]
    assert hidden(counts, line, 5, few=few_of(counts), values=3) == {"a", "b"}
    # Of 1 and 1, known to be 2 together, each is 0 to 2; but they are of two people.
    counts = {"a": 1, "b": 1, "c": 40, "d": 50}
    assert hidden(counts, [("total", tuple("abcd"))], 5, few=few_of(counts), values=3) == {
        "a", "b", "c",
    }  # fmt: skip


@pytest.mark.parametrize(("people", "few"), [(4, True), (5, False)])
def test_many_responses_of_few_people_are_shown_as_few(people, few):
    survey = standins.responses(n=100)
    counts = LinkedCounts(survey, standins.codes(survey))
    key = next(k for k in counts.cells if not is_base(k))
    counts.cells[key] = Cell(12, frozenset(range(people)))
    assert Cells(counts, frozenset(), PRESETS["default"]).is_few(key) is few


def test_a_zero_that_is_not_told_apart_protects_and_needs_no_protection():
    counts = {"a": 0, "b": 30}
    assert hidden(counts, [("total", ("a", "b"))], 5, few=few_of(counts), values=3) == {"a"}
    # 4 + 0 = 4 of four people, so a third is hidden.
    counts = {"a": 4, "z": 0, "b": 30, "c": 40}
    found = hidden(counts, [("total", tuple("azbc"))], 5, few=few_of(counts), values=3)
    assert found == {"a", "z", "b"}


def test_what_comes_last_in_order_is_hidden_last():
    counts, line = {"a": 3, "b": 9, "c": 40}, [("total", tuple("abc"))]
    order = {"b": 1}.get
    found = hidden(counts, line, 5, order=lambda k: order(k, 0))
    assert found == {"a", "c"}
    found = hidden(counts, line, 5, order=lambda k: -1 if k == "total" else 0)
    assert found == {"a", "total"}


def test_a_base_has_a_least_of_its_own():
    counts = {"a": 7, "b": 20, "c": 40}
    assert hidden(counts, [("total", tuple("abc"))], 5) == set()
    assert hidden(counts, [("total", tuple("abc"))], 5, least_of={"a": 10}) == {"a", "b"}


def test_a_cell_that_was_hidden_for_another_is_protected_as_well():
    # a and b are of the same four people, and would follow together if c followed from x.
    lines = [("one", ("a", "b", "c")), ("two", ("c", "x"))]
    counts = {"a": 6, "b": 6, "c": 20, "x": 30}
    same = {"a": range(4), "b": range(4)}
    assert hidden(counts, lines, behind=same) == {"a", "b", "c", "x"}


@settings(max_examples=25)
@given(
    cells=st.lists(st.integers(0, 30), min_size=12, max_size=12), least=st.sampled_from([3, 5, 10])
)
def test_no_hidden_cell_of_a_table_with_margins_can_be_narrowed(cells, least):
    table = np.array(cells).reshape(3, 4)
    names = np.arange(12).reshape(3, 4)
    counts = dict(zip(names.ravel().tolist(), table.ravel().tolist(), strict=True))
    lines = [(("row", i), tuple(names[i].tolist())) for i in range(3)]
    lines += [(("column", j), tuple(names[:, j].tolist())) for j in range(4)]
    lines += [("all", tuple(("row", i) for i in range(3)))]
    lines += [("all", tuple(("column", j) for j in range(4)))]
    gone = hidden(counts, lines, least)
    value = counts | {("row", i): table[i].sum() for i in range(3)}
    value |= {("column", j): table[:, j].sum() for j in range(4)} | {"all": table.sum()}
    order = {k: i for i, k in enumerate(value)}
    sums = np.zeros((len(lines), len(order)))
    for i, (total, parts) in enumerate(lines):
        sums[i, order[total]] = -1
        sums[i, [order[p] for p in parts]] = 1
    bounds = [(1, None) if k in gone else (n, n) for k, n in value.items()]
    assert {k for k, n in value.items() if 0 < n < least} <= gone
    assert all(value[k] for k in gone)

    def reach(key, sign):
        aim = sign * np.eye(len(order))[order[key]]
        done = linprog(aim, A_eq=sums, b_eq=np.zeros(len(lines)), bounds=bounds)
        return done.fun if done.status == 0 else -np.inf

    assert all(-reach(k, -1) - reach(k, 1) >= least - 2 - 1e-6 for k in gone)
