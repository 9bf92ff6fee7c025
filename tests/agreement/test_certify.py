"""What the machine may code alone: exact bounds, verdicts, and what people read next."""

import numpy as np
import pandas as pd
import pytest
from coded_surveys import survey
from scipy.stats import binomtest, hypergeom

from iapt_topics import InputError
from iapt_topics._base.status import AUTOMATE, AUTOMATE_ABOVE, DEFINITION, PEOPLE, UNKNOWN
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.stats.exact import _upper_tail, exact_bounds


def coded(codes, rows, given, coder="person"):
    """One person's codes of some responses; ``given`` is (responses, themes)."""
    seen = codes.seen.iloc[rows]
    row, theme = np.nonzero(np.asarray(given, bool)[rows])
    ids = seen["response_id"].to_numpy()
    table = pd.DataFrame(
        {
            "response_id": ids[row],
            "theme": np.array(codes.themes, object)[theme],
            "score": np.nan,
        }
    )
    return Codes(coder=coder, kind="human", themes=codes.themes, seen=seen, table=table)


def scored(codes, score):
    at = codes.seen["response_id"].tolist()
    table = codes.table.assign(score=[score[at.index(i)] for i in codes.table["response_id"]])
    return Codes(coder="machine", kind="machine", themes=codes.themes, seen=codes.seen, table=table)


@pytest.mark.parametrize(("count", "n"), [(0, 5), (5, 5), (38, 40), (3, 17)])
def test_bounds_of_an_unlimited_population_are_those_of_clopper_and_pearson(count, n):
    low, high = exact_bounds(count, n, 0.9)
    test = {w: binomtest(count, n, alternative=w).proportion_ci(0.9) for w in ("greater", "less")}
    assert low == pytest.approx(test["greater"].low, abs=1e-9)
    assert high == pytest.approx(test["less"].high, abs=1e-9)


def test_bounds_of_a_finite_survey_cover_as_said_for_every_number_of_positives():
    total, n, confidence = 60, 25, 0.9
    bounds = [exact_bounds(x, n, confidence, total=total) for x in range(n + 1)]
    for positives in range(total + 1):
        chance = hypergeom.pmf(np.arange(n + 1), total, positives, n)
        for side in (0, 1):
            wrong = [
                (b[0] > positives / total + 1e-12, b[1] < positives / total - 1e-12)[side]
                for b in bounds
            ]
            assert chance[wrong].sum() <= 1 - confidence + 1e-9


def test_tails_of_a_finite_survey_are_those_of_scipy():
    rng, least = np.random.default_rng(0), 1.0
    for _ in range(400):
        total = int(rng.integers(1, 4000))
        n, positives = (int(v) for v in rng.integers(0, total + 1, 2))
        count = int(rng.integers(0, n + 1))
        ours, theirs = (
            _upper_tail(count, n, positives, total),
            hypergeom.sf(count - 1, total, positives, n),
        )
        assert ours == pytest.approx(theirs, abs=1e-10)
        least = min(least, ours if ours > 0 else 1.0)
    # Far out in the tail, where few terms count, and where none does.
    assert _upper_tail(60, 100, 200, 2000) == pytest.approx(hypergeom.sf(59, 2000, 200, 100))
    assert _upper_tail(1, 3000, 1500, 3000) == 1.0
    assert _upper_tail(5, 4, 3, 10) == 0.0


def test_bounds_close_when_all_were_seen_and_refuse_impossible_counts():
    assert exact_bounds(3, 5, 0.9, total=5) == (0.6, 0.6)
    assert exact_bounds(0, 0, 0.9) == (0.0, 1.0)
    with pytest.raises(InputError, match="must rise"):
        exact_bounds(6, 5)


@pytest.fixture
def four_themes():
    """1,000 responses, five themes of 100 codes each, right in 100, 80, 20, 80 and 50 %."""
    rng = np.random.default_rng(3)
    n, right = 1000, (1.0, 0.8, 0.2, 0.55, 0.5)
    f = np.zeros((n, 5), bool)
    y = np.zeros((n, 5), bool)
    score = np.ones(n)
    for j, share in enumerate(right):
        rows = np.arange(200 * j, 200 * j + 100)
        f[rows, j] = True
        hits = rows[: int(100 * share)]
        y[hits, j] = True
        score[hits] = 2.0
    wrong = np.arange(480, 500)  # what is wrongly given t2 ...
    y[np.arange(420, 500), 0] = True  # ... is t0
    assert (f[wrong, 2] & y[wrong, 0]).all()
    codes, responses = survey(2014 + np.arange(n) % 5, f)
    machine = scored(codes, score + rng.random(n) / 10)
    return machine, responses, y, np.sort(rng.permutation(n)[:500])


def test_each_verdict_on_a_theme_made_for_it(four_themes):
    machine, responses, y, rows = four_themes
    found = certify_codes(machine, coded(machine, rows, y), responses)
    table = found.themes.set_index("theme")
    assert table["verdict"].to_dict() == {
        "t0": AUTOMATE,
        "t1": AUTOMATE_ABOVE,
        "t2": DEFINITION,
        "t3": AUTOMATE_ABOVE,
        "t4": AUTOMATE_ABOVE,
    }
    assert "'t0'" in table.loc["t2", "note"]
    assert table.loc["t1", "score"] > 1.9
    assert found.n == 500
    assert found.left_out == ()
    t0 = table.loc["t0"]
    assert (t0["accepted"], t0["precision"]) == (100, 1.0)
    assert 0.8 <= t0["precision_low"] <= 1.0
    # Half of t0 by people is where the machine says t2.
    assert t0["recall"] == pytest.approx(t0["n_found"] / t0["n_positives"])
    assert t0["recall_low"] < 100 / 180


def test_what_is_accepted_is_certified_and_above_its_score(four_themes):
    machine, responses, y, rows = four_themes
    found = certify_codes(machine, coded(machine, rows, y), responses)
    able = found.accepted(machine)
    assert able.themes == ("t0", "t1", "t3", "t4")
    kept = able.table.groupby("theme")["score"].agg(["min", "size"])
    assert kept.loc["t0", "size"] == 100
    assert kept.loc["t1", "min"] >= found.themes.set_index("theme").loc["t1", "score"]
    assert able.evidence is None


def test_an_even_share_of_errors_is_left_to_people_and_few_codes_leave_it_open(four_themes):
    machine, responses, y, rows = four_themes
    flat = scored(machine, np.ones(1000))
    table = certify_codes(flat, coded(machine, rows, y), responses).themes.set_index("theme")
    assert table.loc["t4", "verdict"] == PEOPLE
    assert table.loc["t4", "precision_high"] < 0.8
    few = certify_codes(flat, coded(machine, rows[::10], y), responses).themes.set_index("theme")
    assert (few["verdict"] == UNKNOWN).any()
    more = few.loc[few["verdict"] == UNKNOWN, "n_more"]
    assert more.between(1, 950).all()
    assert few.loc[few["verdict"] != UNKNOWN, "n_more"].isna().all()


def test_recall_can_be_asked_for_too(four_themes):
    machine, responses, y, rows = four_themes
    human = coded(machine, rows, y)
    asked = certify_codes(machine, human, responses, recall=0.9).themes.set_index("theme")
    assert asked.loc["t0", "verdict"] != AUTOMATE  # it finds 100 of 180


def test_all_themes_together_ask_for_more(four_themes):
    machine, responses, y, rows = four_themes
    human = coded(machine, rows, y)
    alone, all_ = (certify_codes(machine, human, responses, together=t) for t in (False, True))
    assert (all_.themes["precision_low"] <= alone.themes["precision_low"]).all()
    assert all_.themes["precision_low"].lt(alone.themes["precision_low"]).any()


def test_what_taught_or_was_picked_certifies_nothing(four_themes):
    machine, responses, y, rows = four_themes
    human = coded(machine, rows, y)
    ids = human.seen["response_id"]
    taught = Codes(
        **{k: getattr(machine, k) for k in ("coder", "kind", "themes", "seen", "table")},
        trained_on=frozenset(ids[:300]),
    )
    found = certify_codes(taught, human, responses)
    assert found.n <= 200
    assert not found.units & taught.trained_on
    with pytest.raises(InputError, match="none of them drawn at random"):
        certify_codes(
            Codes(
                **{k: getattr(machine, k) for k in ("coder", "kind", "themes", "seen", "table")},
                trained_on=frozenset(ids),
            ),
            human,
            responses,
        )


def test_unequal_rates_are_evened_out_and_a_bare_year_is_named(four_themes):
    machine, responses, y, rows = four_themes
    year = responses.table["year"].to_numpy()
    some = rows[(year[rows] != 2014) & ((year[rows] != 2015) | (np.arange(len(rows)) % 3 > 0))]
    found = certify_codes(machine, coded(machine, some, y), responses)
    assert found.left_out == (2014,)
    units = responses.table.set_index("response_id").loc[sorted(found.units), "year"]
    assert 2014 not in set(units)
    assert found.n < len(some)
    assert set(found.accepted(machine).seen["response_id"]) == found.units


def test_two_people_who_disagree_put_the_definition_at_fault(four_themes):
    machine, responses, y, rows = four_themes
    rng = np.random.default_rng(0)
    other = y.copy()
    other[:, 3] = rng.permutation(y[:, 3])
    first, second = coded(machine, rows, y), coded(machine, rows, other, "second")
    flat = scored(machine, np.ones(1000))
    table = certify_codes(flat, [first, second], responses).themes.set_index("theme")
    assert table.loc["t3", "verdict"] == DEFINITION
    assert "two people" in table.loc["t3", "note"]


def test_the_queue_holds_what_waits_and_puts_likely_errors_first(four_themes):
    machine, responses, y, rows = four_themes
    found = certify_codes(machine, coded(machine, rows, y), responses)
    queue = found.queue
    assert not set(queue["response_id"]) & set(coded(machine, rows, y).seen["response_id"])
    assert len(queue) == 500
    assert (queue["gain"] >= 0).all()
    assert queue["gain"].is_monotonic_decreasing
    place = {f"r{i:05d}": (machine.matrix()[i] != y[i]).sum() for i in range(1000)}
    errors = queue["response_id"].map(place)
    assert errors[:150].mean() > 1.5 * errors.mean()


def test_neither_the_order_of_rows_nor_a_theme_beside_it_changes_a_verdict(four_themes):
    machine, responses, y, rows = four_themes
    human = coded(machine, rows, y)
    first = certify_codes(machine, human, responses)
    shuffled = Codes(
        coder="machine", kind="machine", themes=machine.themes,
        seen=machine.seen.sample(frac=1, random_state=1),
        table=machine.table.sample(frac=1, random_state=2),
    )  # fmt: skip
    again = certify_codes(shuffled, human, responses)
    pd.testing.assert_frame_equal(first.themes, again.themes)
    pd.testing.assert_frame_equal(first.queue, again.queue)


def test_a_theme_that_people_or_the_machine_never_had_is_told(four_themes):
    machine, responses, y, rows = four_themes
    human = coded(machine, rows, y)
    less = Codes(
        coder="person", kind="human", themes=("t0", "t9"), seen=human.seen,
        table=human.table[human.table["theme"] == "t0"],
    )  # fmt: skip
    table = certify_codes(machine, less, responses).themes.set_index("theme")
    assert table.loc["t1", ["verdict", "note"]].tolist() == [UNKNOWN, "not in the human code set"]
    assert table.loc["t9", ["verdict", "accepted"]].tolist() == [PEOPLE, 0]
    with pytest.raises(InputError, match="an empty list"):
        certify_codes(machine, [], responses)
    with pytest.raises(InputError, match="precision"):
        certify_codes(machine, human, responses, precision=1.2)
