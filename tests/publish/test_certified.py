"""Published verdicts follow from published counts, and hold for all counts that round to them."""

from types import SimpleNamespace

import numpy as np
import pytest

from iapt_topics.publish.cells import Cells
from iapt_topics.publish.certified import _least
from iapt_topics.publish.disclosure import EXACT, Disclosure, preset
from iapt_topics.stats.exact import exact_bounds


@pytest.mark.parametrize(
    "rule",
    [Disclosure(), Disclosure(round_to=10), preset("nhs_staff_survey"), preset("hes"), EXACT],
)
def test_the_published_bound_is_never_above_that_of_exact_counts(rule):
    cells = Cells(SimpleNamespace(), frozenset(), rule)
    rng = np.random.default_rng(1)
    for _ in range(300):
        given = int(rng.integers(rule.min_respondents, 120))
        right = int(rng.binomial(given, rng.choice([0.7, 0.9, 0.97, 1.0])))
        shown = rule.rounded(given)
        both = min(float(cells.coarse(right)), shown)
        low = _least(round(both / shown, 2), shown, cells)
        assert low <= exact_bounds(right, given, 0.9)[0] + 1e-9


def test_forty_of_forty_are_still_enough_when_rounded():
    cells = Cells(SimpleNamespace(), frozenset(), Disclosure())
    assert _least(1.0, 40, cells) >= 0.8
    assert _least(0.88, 40, cells) < 0.8  # 35 of 40
