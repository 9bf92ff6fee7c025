"""What the machine says of each response and theme: its code, and how near it came to one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Ints
from iapt_topics._base.errors import InputError, require_columns
from iapt_topics.codes.codes import Codes, spread

#: Classes of a response for a theme: not applied; applied; not applied, among the likeliest to be
#: missed by their score.
FAR, APPLIED, NEAR = 0, 1, 2
#: Part of the responses without a theme that is near.
_NEAR_PART = 0.2


def proxy_classes(
    machine: Codes,
    response_ids: Sequence[str],
    themes: Sequence[str],
    scores: pd.DataFrame | None = None,
) -> Ints:
    """Class of each response for each theme, (n, k): without scores none is near.

    Raises
    ------
    InputError
        If the scores lack a column, or a theme or response of the machine's.
    """
    given = spread(machine, response_ids, themes)[0]
    classes = np.where(given, APPLIED, FAR)
    if scores is None:
        return classes
    require_columns(scores, ("response_id", "theme", "score"), "scores")
    rows = pd.Index(response_ids).get_indexer(pd.Index(scores["response_id"]))
    columns = pd.Index(themes).get_indexer(pd.Index(scores["theme"]))
    use = (rows >= 0) & (columns >= 0)
    score = np.full(given.shape, np.nan)
    score[rows[use], columns[use]] = scores["score"].to_numpy(float)[use]
    own = [t in machine.themes for t in themes]
    if np.isnan(score[:, own]).any():
        raise InputError(
            "scores", "must be of each response and theme that the machine coded",
            f"{int(np.isnan(score[:, own]).sum())} without a score",
            "Give the table of mapping.score_themes() of the same survey and codebook.",
        )  # fmt: skip
    for j in np.flatnonzero(own):
        bare = ~given[:, j]
        if bare.any():
            near = bare & (score[:, j] > np.quantile(score[bare, j], 1 - _NEAR_PART))
            classes[near, j] = NEAR
    return classes
