"""Sentence models that are known by name, since packages carry them."""

from __future__ import annotations

from pathlib import Path

DEFAULT_MODEL = "all-MiniLM-L6-v2"
LARGE_MODEL = "all-mpnet-base-v2"
#: What stands before the name of either where it is published.
_PUBLISHER = "sentence-transformers/"


def known_name(model: str | Path) -> str | None:
    """Return the name of a model that a package carries, or None."""
    name = (model if isinstance(model, str) else model.as_posix()).strip().removeprefix(_PUBLISHER)
    return next((n for n in (DEFAULT_MODEL, LARGE_MODEL) if n.casefold() == name.casefold()), None)
