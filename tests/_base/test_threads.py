"""Linear algebra in one thread, and no longer than it is asked for."""

import numpy as np
import scipy.linalg  # noqa: F401  so that both libraries are there
from threadpoolctl import threadpool_info, threadpool_limits

from iapt_topics._base.threads import FEW, one_thread_for_few


def threads():
    return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}


def test_few_responses_have_one_thread_and_many_keep_theirs():
    with threadpool_limits(2, user_api="blas"):
        before = threads()
        with one_thread_for_few(FEW):
            assert threads() == {1}
            with one_thread_for_few(FEW + 1):
                assert threads() == {1}
        assert threads() == before
        with one_thread_for_few(FEW + 1):
            assert threads() == before


def test_sums_do_not_hang_on_the_number_of_cores():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(700, 384)), rng.normal(size=(384, 900))
    found = []
    for cores in (1, 2, 3):
        with threadpool_limits(cores, user_api="blas"), one_thread_for_few(700):
            found.append(one @ two)
    assert all(np.array_equal(found[0], other) for other in found[1:])
