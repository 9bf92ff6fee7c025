"""How a result says itself in one line: what it holds and how much, never a text of anyone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
import pandas as pd


def one_line(result: object) -> str:
    """Name each part of a dataclass with its size; a part that is short is shown."""
    parts = []
    for field in fields(result):  # type: ignore[arg-type]
        value = getattr(result, field.name)
        parts.append(f"{field.name}: {_said(value)}")
    return f"{type(result).__name__}({', '.join(parts)})"


def _said(value: object) -> str:
    if isinstance(value, pd.DataFrame | pd.Series):
        return f"{len(value):,} rows"
    if isinstance(value, np.ndarray):
        return " x ".join(f"{n:,}" for n in value.shape)
    if isinstance(value, Mapping | tuple | list | set | frozenset):
        return f"{len(value):,} entries"
    if value is None or isinstance(value, str | int | float):
        return repr(value) if len(repr(value)) <= 40 else "..."
    return type(value).__name__
