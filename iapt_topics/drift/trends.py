"""Tests of a theme over all years, and where in a long series it changed.

The arithmetic behind the trends and change points of :mod:`iapt_topics.drift.drift`, whose
docstring names the methods and their sources. Y coded years, T themes, K shapes or steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iapt_topics._base.arrays import Floats, Ints
from iapt_topics.stats.intervals import normal_quantile
from iapt_topics.stats.multiplicity import benjamini_hochberg
from iapt_topics.stats.share_model import ShareModel

#: Draws of the null distribution of the largest contrast.
N_DRAWS = 20_000
#: Fewer years than this say too little about where a change lies.
MANY_YEARS = 8
_Z_POWER = normal_quantile(0.6)  # of 80 % power: the quantile of 0.8


def _contrasts(patterns: Floats, n: Floats) -> Floats:
    """Weights of the years (K, Y) that give the height of each pattern by least squares."""
    centred = patterns - (patterns @ n)[:, None] / n.sum()
    return np.asarray(centred * n / (n * centred**2).sum(axis=1, keepdims=True))


def steps(n: Floats) -> Floats:
    """Contrasts (Y - 1, Y): the share from each later year on minus the share before it."""
    place = np.arange(len(n))
    return _contrasts((place >= place[1:, None]).astype(float), n)


def shapes(years: NDArray[np.int64], n: Floats) -> tuple[list[tuple[str, str]], Floats]:
    """Names (when up, when down) and contrasts of a line, of each step and of each peak."""
    if len(years) == 2:
        return [("rise", "fall")], steps(n)
    line = (years - years[0]) / (years[-1] - years[0])
    peaks = [np.interp(years, [years[0], y, years[-1]], [0, 1, 0]) for y in years[1:-1]]
    names = [("linear rise", "linear fall")]
    names += [(f"step up from {y}", f"step down from {y}") for y in years[1:]]
    names += [(f"peak in {y}", f"trough in {y}") for y in years[1:-1]]
    smooth = _contrasts(np.array([line, *peaks]), n)
    return names, np.concatenate([smooth[:1], steps(n), smooth[1:]])


def largest_contrast(
    model: ShareModel, contrasts: Floats, seed: int
) -> tuple[Ints, Floats, Floats]:
    """Find the best-supported contrast, for every theme.

    Returns
    -------
    which, p, critical : ndarray of shape (T,)
        Its row in ``contrasts``; p, adjusted for having looked at all of them; and what the
        largest standardised contrast exceeds in 5 % of cases if the share is equal in all years.
    """
    from scipy.special import erfc

    some = np.any(contrasts != 0, axis=0)
    use = np.flatnonzero(some)
    covariance = model.null_covariance(some)[:, use[:, None], use]
    part = contrasts[:, use]
    sd = np.sqrt(np.clip(np.einsum("ki,tij,kj->tk", part, covariance, part), 0, None))
    size = np.abs(contrasts @ model.share).T
    z = np.divide(size, sd, out=np.zeros_like(size), where=sd > 0)
    which, largest = z.argmax(axis=1), z.max(axis=1)
    noise = np.random.default_rng(seed).standard_normal((N_DRAWS, len(use)))
    p, critical = np.ones(len(z)), np.full(len(z), normal_quantile())
    null: dict[bytes, Floats] = {}
    for t in np.flatnonzero((sd > 0).all(axis=1)):
        scale = np.sqrt(np.diagonal(covariance[t]).max())
        root = np.linalg.cholesky(covariance[t] / scale**2 + 1e-12 * np.eye(len(use)))
        turn = part @ root / sd[t, :, None] * scale
        # Themes whose years have the same effective numbers share one null distribution.
        key = np.round(turn, 9).tobytes()
        if key not in null:
            null[key] = np.sort(np.abs(noise @ turn.T).max(axis=1))
        bound = len(part) * float(erfc(largest[t] / np.sqrt(2)))
        above = N_DRAWS - np.searchsorted(null[key], largest[t] * (1 - 1e-12))
        # Bonferroni's bound is finer than the draws where p is small, and exact for one contrast.
        p[t] = bound if min(bound, len(part) - 1) < 0.001 else (1 + above) / (1 + N_DRAWS)
        critical[t] = null[key][int(0.95 * N_DRAWS)] if len(part) > 1 else normal_quantile()
    return which, p, critical


def trend_rows(
    model: ShareModel, years: NDArray[np.int64], n: Floats, seed: int
) -> list[dict[str, Any]]:
    """Columns of the three tests of all themes: omnibus, linear and shape."""
    names, contrasts = shapes(years, n)
    slope = contrasts[0] / (years[-1] - years[0])
    estimate, low, high, p = model.contrast(slope)
    linear = {"estimate": estimate, "low": low, "high": high, "p": p}
    line = np.broadcast_to(contrasts[0][:, None], model.share.shape)
    steady = model.detectable(line, normal_quantile() + _Z_POWER)
    linear["smallest_detectable"] = steady / (years[-1] - years[0])

    which, p, critical = largest_contrast(model, contrasts, seed)
    shape = {"p": p} | _heights(model, contrasts, which, critical)
    named = [names[k][int(h < 0)] for k, h in zip(which, shape["estimate"], strict=True)]

    spread = {"estimate": model.share.max(axis=0) - model.share.min(axis=0)}
    spread |= {"low": np.full(len(p), np.nan), "high": np.full(len(p), np.nan)}
    spread |= {"p": model.omnibus(), "smallest_detectable": _smallest_range(model)}
    said = "Highest minus lowest prevalence; no interval for a range."
    return [
        {"test": "omnibus", "shape": "", "note": said, **spread},
        {"test": "linear", "shape": "", "note": "", **linear},
        {"test": "shape", "shape": named, "note": "", **shape},
    ]


def change_rows(
    model: ShareModel, years: NDArray[np.int64], n: Floats, seed: int
) -> list[dict[str, Any]]:
    """Binary segmentation of every theme: the best-supported step change, then within its parts."""
    rows: list[dict[str, Any]] = []
    parts = [(t, 0, len(years)) for t in range(model.share.shape[1])]
    depth = 0
    while parts:
        level: list[dict[str, Any]] = []
        for a, b in sorted({(a, b) for _, a, b in parts}):
            mine = [t for t, *part in parts if part == [a, b]]
            contrasts = np.zeros((b - a - 1, len(years)))
            contrasts[:, a:b] = steps(n[a:b])
            which, p, critical = largest_contrast(model, contrasts, seed)
            found = _heights(model, contrasts, which, critical) | {"p": p}
            first, last = int(years[a]), int(years[b - 1])
            common: dict[str, Any] = {"first": first, "last": last, "n": int(n[a:b].sum())}
            for t in mine:
                at = a + int(which[t]) + 1
                row: dict[str, Any] = {"place": t, "depth": depth, "at": at, "year": int(years[at])}
                found_here = {k: float(v[t]) for k, v in found.items()}
                level.append(common | row | found_here)
        adjusted = benjamini_hochberg([row["p"] for row in level])
        parts = []
        for row, p_bh in zip(level, adjusted, strict=True):
            at = row.pop("at")
            if p_bh < 0.05:
                a, b = np.searchsorted(years, [row["first"], row["last"] + 1])
                parts += [(row["place"], i, j) for i, j in ((a, at), (at, b)) if j - i > 1]
            row["note"] = "" if p_bh < 0.05 else "No step change found."
        rows += level
        depth += 1
    return rows


def _heights(
    model: ShareModel, contrasts: Floats, which: Ints, critical: Floats
) -> dict[str, Floats]:
    """Height of the contrast chosen for each theme, with a simultaneous interval."""
    out = {k: np.full(len(which), np.nan) for k in ("estimate", "low", "high")}
    wider = critical / normal_quantile()
    for k in np.unique(which):
        mine = which == k
        height, low, high, _ = model.contrast(contrasts[k])
        out["estimate"][mine] = height[mine]
        out["low"][mine] = (height - wider * (height - low))[mine]
        out["high"][mine] = (height + wider * (high - height))[mine]
    chosen = contrasts[which].T
    return out | {"smallest_detectable": model.detectable(chosen, critical + _Z_POWER)}


def _smallest_range(model: ShareModel) -> Floats:
    """Range of two years detectable by the omnibus test (80 % power), the least precise two."""
    from scipy.special import chdtri, chndtrinc, fdtri, ncfdtrinc

    df = len(model.share) - 1
    if np.isinf(model.people):
        needed = float(chndtrinc(chdtri(df, 0.05), df, 0.2))
    elif (rest := model.people - df) > 0:
        needed = float(ncfdtrinc(df, rest, 0.2, float(fdtri(df, rest, 0.95))))
    else:  # fewer respondents than years cannot tell
        return np.full(model.share.shape[1], np.nan)
    imprecise = np.argsort(model.effective, axis=0, kind="stable")
    two = np.zeros(model.share.shape)
    np.put_along_axis(two, imprecise[:1], 1.0, axis=0)
    np.put_along_axis(two, imprecise[1:2], -1.0, axis=0)
    return model.detectable(two, np.sqrt(needed))
