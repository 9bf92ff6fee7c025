"""What every result has: a line that says it, a view in a notebook, its tables as a workbook."""

from __future__ import annotations

from iapt_topics._base.door import Checked
from iapt_topics._base.one_line import one_line


class Result(Checked):
    """A result: a frozen dataclass of tables and what they are of."""

    __slots__ = ()
    __repr__ = one_line

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__repr__ = cls.__repr__  # type: ignore[method-assign]  # or a dataclass makes its own
