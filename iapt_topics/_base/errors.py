"""One wording for every bad input: what, the rule, what was got, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that the command line can say what it does without loading pandas
    import pandas as pd


class InputError(ValueError):
    """Invalid input: what is wrong, the rule, what was got and what to do, in one line.

    Parameters
    ----------
    what : str
        The thing at fault, e.g. ``"column 'year'"``.
    rule : str
        What is asked of it, e.g. ``"must contain whole years"``.
    got : str
        What was found instead.
    do : str
        What the user can do about it.
    """

    def __init__(self, what: str, rule: str, got: str, do: str) -> None:
        self.what, self.rule, self.got, self.do = what, rule, got, do
        super().__init__(f"{what} {rule}; got {got}. {do}")

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str, str, str]]:
        # Rebuilt from its four parts, so that the error survives a trip between processes.
        return type(self), (self.what, self.rule, self.got, self.do)


def listed(values: Iterable[object], most: int = 5) -> str:
    """Name the first few values and say how many more there are."""
    items = [repr(v) if isinstance(v, str) else str(v) for v in values]
    rest = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest if items else "nothing"


def suggestion(name: str, known: Collection[str]) -> str:
    """``"Did you mean 'x'? "`` when a known name is close, else an empty string."""
    by_fold = {k.casefold(): k for k in known}
    close = get_close_matches(name.casefold(), list(by_fold), n=1)
    return f"Did you mean {by_fold[close[0]]!r}? " if close else ""


def require_columns(table: pd.DataFrame, names: Iterable[str], what: str) -> None:
    """Raise :class:`InputError` for the first name that is not a column of ``table``."""
    known = [str(c) for c in table.columns]
    for name in names:
        if name not in known:
            raise InputError(
                what, f"must have a column {name!r}", f"columns {listed(known, most=20)}",
                f"{suggestion(name, known)}Name the column as the file does.",
            )  # fmt: skip


def require_file(path: Path, what: str, most: int | None = None) -> Path:
    """Return ``path`` if it is a file that exists, of ``most`` bytes, else raise an error."""
    name = f"{what} {str(path)!r}"
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise InputError(name, "must be a file", got, "Check the path.")
    if most is not None and (size := path.stat().st_size) > most:
        raise InputError(name, f"must be at most {most:,} bytes", f"{size:,}", "Check the file.")
    return path


def require_unique(values: Iterable[Hashable], what: str, do: str) -> None:
    """Raise :class:`InputError` naming the values of ``values`` that occur more than once."""
    if twice := [v for v, times in Counter(values).items() if times > 1]:
        raise InputError(what, "must be unique", f"{listed(twice)} more than once", do)


def require_names(names: object, what: str) -> None:
    """Raise :class:`InputError` for a lone text where a list of texts is meant."""
    if isinstance(names, str) or not all(isinstance(n, str) for n in names):  # type: ignore[attr-defined]
        raise InputError(what, "must be a list of texts", repr(names)[:80], "Use [...].")
