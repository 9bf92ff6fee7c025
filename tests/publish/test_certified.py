"""Published verdicts follow from published counts, and hold for all counts that round to them."""

import numpy as np
import pytest
import standins

from iapt_topics.publish.cells import Cells
from iapt_topics.publish.certified import _least
from iapt_topics.publish.counts import LinkedCounts
from iapt_topics.publish.disclosure import EXACT, PRESETS, Disclosure
from iapt_topics.stats.exact import exact_bounds

SURVEY = standins.responses(n=100)
COUNTS = LinkedCounts(SURVEY, standins.codes(SURVEY))
RULES = [*PRESETS.values(), Disclosure(round_to=10), EXACT]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.name} {r.round_to}")
def test_the_published_bound_is_never_above_that_of_exact_counts(rule):
    cells = Cells(COUNTS, frozenset(), rule)
    rng = np.random.default_rng(1)
    for _ in range(200):
        given = int(rng.integers(10, 120))
        right = int(rng.binomial(given, rng.choice([0.7, 0.9, 0.97, 1.0])))
        noise = int(rng.integers(-rule.noise, rule.noise + 1))
        shown = given + noise if rule.noise else rule.rounded(given)
        both = min(float(cells.coarse(right)), shown)
        low = _least(round(both / shown, 2), shown, cells)
        assert low <= exact_bounds(right, given, 0.9)[0] + 1e-9


def test_forty_of_forty_are_still_enough_when_rounded():
    cells = Cells(COUNTS, frozenset(), Disclosure(round_to=5))
    assert _least(1.0, 40, cells) >= 0.8
    assert _least(0.88, 40, cells) < 0.8  # 35 of 40
