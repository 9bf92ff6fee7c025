"""Uncertainty of the shares from sampling, from how responses were assigned, and from coding.

The arithmetic behind the sources of :mod:`iapt_topics.drift.drift`, whose docstring names the
methods. Y coded years, T themes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from iapt_topics._base.arrays import Floats
from iapt_topics.drift.recurring import Recurring
from iapt_topics.stats.intervals import normal_quantile
from iapt_topics.stats.share_model import ShareModel


def assignment_covariance(shares: Sequence[Floats]) -> Floats:
    """Covariance (T, Y, Y) of shares (Y, T) over codings that were equally likely.

    Rubin's between-imputation variance, (1 + 1/m) B. With few codings it is itself uncertain, so
    it is scaled such that its normal interval is as wide as Student's with m - 1 degrees.
    """
    from scipy.special import stdtrit

    m = len(shares)
    gap = np.stack(shares) - np.mean(shares, axis=0)
    between = np.einsum("mit,mjt->tij", gap, gap) / (m - 1)
    wider = float(stdtrit(m - 1, 0.975)) / normal_quantile()
    return np.asarray((1 + 1 / m) * wider**2 * between)


def corrected_model(
    sampling: ShareModel,
    share: Floats,
    low: Floats,
    high: Floats,
    unchanged: Floats,
    *,
    recurring: Recurring | None = None,
) -> ShareModel:
    """Model of corrected shares; where there is none (NaN), the machine's own stands.

    The effective number is that which gives ``unchanged``, the variance if no year's coding
    differs, at the mean share: tests rest on it, while the limits are each year's own. Years are
    correlated as ``recurring`` says, else as far as sampling makes the machine's shares so, which
    is too little.
    """
    known = ~np.isnan(share)
    share, low, high = (
        np.where(known, new, old)
        for new, old in ((share, sampling.share), (low, sampling.low), (high, sampling.high))
    )
    variance = ((high - low) / (2 * normal_quantile())) ** 2
    before = ((sampling.high - sampling.low) / (2 * normal_quantile())) ** 2
    mean = share.mean(axis=0)
    # Where no share is above 0, the middle of the intervals stands for it.
    mean = np.where(mean * (1 - mean) > 0, mean, ((low + high) / 2).mean(axis=0))
    unchanged = np.where(known & (unchanged > 0), unchanged, variance)
    effective = np.where(known, mean * (1 - mean) / unchanged, sampling.effective)
    part = np.sqrt(before / variance).T
    correlation = sampling.correlation * np.minimum(part[:, :, None] * part[:, None, :], 1)
    people = sampling.people
    if recurring is not None:
        both = known.T[:, :, None] & known.T[:, None, :]
        correlation = np.where(both, recurring.correlation, correlation)
        people = min(people, float(recurring.people))
    correlation[:, np.arange(len(share)), np.arange(len(share))] = 1.0
    return replace(
        sampling, share=share, low=low, high=high, effective=effective, correlation=correlation,
        people=people,
    )  # fmt: skip


def by_source(
    sampling: ShareModel, assignment: Floats | None, corrected: ShareModel | None
) -> dict[str, ShareModel]:
    """Models with the uncertainty of one source each, and of all of them together (the last)."""
    models = {"sampling": sampling}
    if assignment is not None:
        share = sampling.share
        models["assignment"] = replace(sampling, low=share, high=share, extra=assignment)
    if corrected is not None:
        share, low, high = corrected.share, corrected.low, corrected.high
        below = quadrature_difference(share - low, sampling.share - sampling.low)
        above = quadrature_difference(high - share, sampling.high - sampling.share)
        alone = np.tile(np.eye(len(share)), (share.shape[1], 1, 1))
        models["coding"] = replace(
            corrected, low=share - below, high=share + above, correlation=alone
        )
    models["together"] = replace(corrected or sampling, extra=assignment)
    return models


def quadrature_difference(whole: Floats, part: Floats) -> Floats:
    """What must be added to ``part`` by squares to give ``whole``."""
    return np.sqrt(np.clip(whole**2 - part**2, 0, None))
