"""What every result has: a line that says it, a view in a notebook, its tables as a workbook."""

from __future__ import annotations

from iapt_topics._base.door import Checked
from iapt_topics._base.one_line import one_line


class Result(Checked):
    """A result: a frozen dataclass of tables and what they are of."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__repr__" not in vars(cls):  # before a dataclass makes its own
            cls.__repr__ = one_line  # type: ignore[method-assign]
