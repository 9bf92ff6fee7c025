"""One cell as text, and a table of such cells."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import numpy as np
import pandas as pd


def cell_text(value: Any) -> str:
    """One cell as text: "" for a missing value, no ``.0`` on a whole number, dates as ISO 8601."""
    if isinstance(value, str):
        # Half of a surrogate pair cannot be written to any file.
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return str(value.date()) if value.time() == time() else str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return cell_text(str(value))
