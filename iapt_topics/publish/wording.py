"""How statistics are printed, in the report, in a draft and on the command line alike."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

DASH = "–"
#: Measures of agreement over all themes, in words.
MEASURES = {
    "alpha_masi": "Krippendorff's alpha (MASI)",
    "alpha_jaccard": "Krippendorff's alpha (Jaccard)",
    "f1_samples": "F1 (mean over responses)",
    "f1_micro": "Micro-F1 (themes pooled)",
    "f1_macro": "Macro-F1 (mean over themes)",
}


def known(value: Any) -> bool:
    """Whether ``value`` is a finite number."""
    return value is not None and value is not pd.NA and math.isfinite(float(value))


def points(difference: Any) -> str:
    """Write a difference of shares in percentage points, with its sign."""
    if not known(difference):
        return DASH
    value = round(100 * float(difference), 1)
    return f"{value:+.1f}".replace("-", "−") if value else "0.0"


def coefficient(value: Any) -> str:
    """A statistic that cannot exceed 1, as journals print it: without the zero before the point.

    Examples
    --------
    >>> coefficient(0.64), coefficient(-0.05), coefficient(1)
    ('.64', '−.05', '1.00')
    """
    if not known(value):
        return DASH
    # Adding 0 makes the negative zero, which rounding leaves, a zero.
    text = f"{round(float(value), 2) + 0:.2f}".replace("-", "−")
    return text.replace("0.", ".", 1) if text.lstrip("−").startswith("0.") else text


def p_value(p: Any) -> str:
    """A p value as journals print it.

    Examples
    --------
    >>> p_value(0.0005), p_value(0.012), p_value(0.35), p_value(1)
    ('< .001', '.012', '.35', '> .99')
    """
    if not known(p):
        return DASH
    if p < 0.001:
        return "< .001"
    return "> .99" if p >= 0.995 else f"{p:.3f}"[1:] if p < 0.0995 else f"{p:.2f}"[1:]
