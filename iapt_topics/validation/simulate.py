"""SIMULATED raters, to try a test out before people do it; they say nothing of the topics."""

from __future__ import annotations

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.codes.codes import Codes
from iapt_topics.validation.answers import COLUMNS, LOG, Answers
from iapt_topics.validation.blind import FITS, NO
from iapt_topics.validation.task import TESTS, THEMES, Task

WHEN = "2020-01-01T00:00:00Z"


def simulate_answers(
    task: Task, *, skill: float = 0.85, truth: Codes | None = None, seed: int = 7
) -> Answers:
    """Simulate raters of a blind test, who know the right answer or guess.

    Parameters
    ----------
    task : Task
        From :func:`draw_test`.
    skill : float, default 0.85
        How often a rater knows the right answer, 0 to 1; otherwise they guess.
    truth : Codes, optional
        For a theme check, the themes that truly are in the responses, e.g. of
        :func:`iapt_topics.datasets.load_truth`. Without it the machine is taken to be right.
    seed : int, default 7
        Of the guesses.

    Returns
    -------
    Answers
        Of all raters of the task to all their items; the source is "simulated".

    Raises
    ------
    InputError
        If the task is no blind test, or the skill is outside 0 to 1.
    """
    if task.kind not in TESTS:
        raise InputError("task", "must be a blind test", repr(task.kind), "Use draw_test().")
    if not 0 <= skill <= 1:
        raise InputError("skill", "must be from 0 to 1", repr(skill), "Give a fraction.")
    rng = np.random.default_rng(seed)
    allowed, key = task.allowed(), task.key.set_index("item")
    right = key["right"].to_dict()
    if task.kind == THEMES:
        if truth is None:
            fits = (key["stratum"] == "coded").to_dict()
        else:
            pairs = set(zip(truth.table["response_id"], truth.table["theme"], strict=True))
            of = zip(key.index, key["responses"], key["theme"], strict=True)
            fits = {item: (responses[0], theme) in pairs for item, responses, theme in of}
        right = {item: FITS if fit else NO for item, fit in fits.items()}
    rows = []
    for item, rater in zip(task.assigned["item"], task.assigned["rater"], strict=True):
        values = allowed[item]
        guess = values[int(rng.integers(len(values)))]
        value = right[item] if rng.random() < skill else guess
        rows.append((item, rater or "simulated", (value,), "", WHEN, "simulated"))
    table = pd.DataFrame(rows, columns=COLUMNS)
    log = [
        ("simulated", rater, len(part), WHEN, WHEN, "", WHEN)
        for rater, part in table.groupby("rater", sort=False)
    ]
    return Answers(task=task.fingerprint, table=table, log=pd.DataFrame(log, columns=LOG))
