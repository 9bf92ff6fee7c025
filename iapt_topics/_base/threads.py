"""Threads of linear algebra: one, where matrices are so small that threads wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

#: Responses up to which one thread does it.
FEW = 5000


@contextmanager
def one_thread_for_few(responses: int) -> Iterator[None]:
    """Let NumPy and SciPy multiply in one thread, for up to 5,000 responses.

    Beside other programs, several take twice the processor's time and as long. Besides, their sums
    end in other digits, so that scores hung on the number of cores. Sentence models and UMAP have
    threads of their own, which this leaves as they are.
    """
    if responses > FEW:
        yield
        return
    from threadpoolctl import threadpool_limits

    import_module("scipy.linalg")  # with a library of its own, which has to be there to be told
    with threadpool_limits(1, user_api="blas"):
        yield
