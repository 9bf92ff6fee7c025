"""Primary and secondary suppression of linked tables: small cells, and what they follow from.

Nothing here knows what a cell means. It takes for granted that a reader knows every shown count
exactly, so that what is hidden stays hidden whether or not the shown counts are also rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

Key = Hashable
#: A total and the parts that add up to it.
Line = tuple[Key, tuple[Key, ...]]


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of responses and the people behind it."""

    count: int
    people: frozenset[Hashable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What a rule asks for.

    Attributes
    ----------
    least : int
        Fewest people that a shown count may rest on.
    least_of : mapping of key to int
        The same of the cells of which it is another number.
    few : mapping of key to int
        Cells that are shown as one symbol for 0 to that many; they are hidden, true zeros too.
    values : int, optional
        How many values a hidden count must still have, unless it is of ``least_of``; ``least - 1``
        by default.
    order : callable
        A lower number for cells that are to be hidden rather than others.
    """

    least: int
    least_of: Mapping[Key, int] = field(default_factory=dict)
    few: Mapping[Key, int] = field(default_factory=dict)
    values: int | None = None
    order: Callable[[Key], int] = lambda key: 0

    def fewest(self, key: Key) -> int:
        """Fewest people that this count may rest on."""
        return self.least_of.get(key, self.least)

    def values_of(self, key: Key) -> int:
        """How many values this count must still have if it is hidden."""
        if self.values is None or key in self.least_of:
            return self.fewest(key) - 1
        return self.values


def suppress(
    cells: Mapping[Key, Cell],
    lines: Iterable[Line],
    protection: Protection,
    *,
    most: Mapping[Key, int] | None = None,
    never_shown: Collection[Key] = (),
    unprotected: Collection[Key] = (),
) -> set[Key]:
    """Cells to hide: those on too few people, and those from which they would follow.

    Parameters
    ----------
    cells : mapping of key to Cell
        Every count that could be shown or follows from shown ones.
    lines : iterable of (total, parts)
        Every sum that a reader can form. Keys without a cell count as empty.
    protection : Protection
        What is asked for.
    most : mapping of key to int, optional
        What a count cannot exceed, as far as a reader knows: the base that it is a share of.
    never_shown : collection of keys
        Cells that no output holds; such a one is protected only if it is small.
    unprotected : collection of keys
        Cells that may be found out though they are small: they stand for no group of people.

    Returns
    -------
    set of keys
        Without ``never_shown``.

    Notes
    -----
    Along each line the hidden parts together rest on at least ``least`` people, and are two or
    more. Then every hidden cell is bounded by all lines at once with linear programs, and more is
    hidden until each could still be any of ``values`` values: by default, no reader knows it more
    closely than the rule itself tells. A zero that is shown as few protects others, and needs no
    protection itself. What is hidden is of a sum that holds the bound, as the dual of the
    program says. This is the audit of Fischetti M, Salazar JJ (2001), "Solving the
    cell suppression problem on tabular data with linear constraints", *Management Science*
    47:1008-1027. The smallest neighbour is hidden first, which keeps the loss low but not the
    least possible.
    """
    table = _Suppression(
        cells=cells,
        lines=[(t, tuple(p for p in parts if p in cells)) for t, parts in lines if t in cells],
        most=most or {},
        unseen=frozenset(never_shown),
        protection=protection,
        hidden=set(never_shown),
        protected={k for k, c in cells.items() if 0 < len(c.people) < protection.fewest(k)}
        - set(unprotected),
    )
    table.hidden |= table.protected | set(protection.few)
    while more := table.line_violation() or table.interval_violation():
        table.hide(min(more, key=lambda k: (protection.order(k), cells[k].count, str(k))))
    return table.hidden - table.unseen


@dataclass(slots=True, kw_only=True)
class _Suppression:
    """Linked cells while they are being hidden; ``protected`` ones must not be found out."""

    cells: Mapping[Key, Cell]
    lines: list[Line]
    most: Mapping[Key, int]
    unseen: frozenset[Key]
    protection: Protection
    hidden: set[Key]
    protected: set[Key]
    safe: set[Key] = field(default_factory=set)
    #: The lines that a cell is on, by place.
    lines_of_cell: dict[Key, list[int]] = field(init=False)
    #: Lines that changed since they were last checked.
    unchecked_lines: set[int] = field(init=False)
    #: Least and most that a hidden count is in any solution met so far.
    feasible_range: dict[Key, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines_of_cell, self.unchecked_lines = {}, set(range(len(self.lines)))
        for i, (total, parts) in enumerate(self.lines):
            for key in (total, *parts):
                self.lines_of_cell.setdefault(key, []).append(i)

    def hide(self, key: Key) -> None:
        self.hidden.add(key)
        self.protected.add(key)
        self.unchecked_lines.update(self.lines_of_cell[key])

    def _hidden_among(self, parts: Iterable[Key]) -> list[Key]:
        few = self.protection.few
        return [p for p in parts if p in self.hidden and (self.cells[p].count or p in few)]

    def _open(self, keys: Iterable[Key]) -> list[Key]:
        return [k for k in keys if k not in self.hidden and self.cells[k].count]

    def line_violation(self) -> list[Key]:
        """Cells one of which must be hidden: a hidden one follows from a line by itself."""
        for i in sorted(self.unchecked_lines):
            total, parts = self.lines[i]
            hidden = self._hidden_among(parts)
            if total in self.hidden:
                if total in self.protected and not hidden and (more := self._open(parts)):
                    return more
            elif any(p in self.protected for p in hidden):
                behind = frozenset(chain.from_iterable(self.cells[p].people for p in hidden))
                if len(hidden) < 2 or len(behind) < max(map(self.protection.fewest, hidden)):
                    return self._open((*parts, total))
            self.unchecked_lines.remove(i)
        return []

    def interval_violation(self) -> list[Key]:
        """Cells one of which must be hidden: the feasibility interval of one is too narrow."""
        # What is hidden later only loosens the bounds, so a cell once found safe stays so, and a
        # solution once met stays one.
        for key in sorted(self.protected - self.safe, key=str):
            low, high = self.feasible_range.get(key, (0, 0))
            width = self.protection.values_of(key) - 1
            if high - low < width:
                linked = self._linked(key)
                low, high, binding = self._bounds(key, linked)
                if high - low < width - 1e-6:
                    for lines in (binding, linked):
                        near = {k for total, parts in lines for k in (total, *parts)}
                        if more := self._open(near):
                            return more
            self.safe.add(key)
        return []

    def _linked(self, key: Key) -> list[Line]:
        """The lines that bear on ``key``: connected to it by hidden cells."""
        reached, near, left = {key}, set(), [key]
        while left:
            for i in self.lines_of_cell.get(left.pop(), ()):
                if i not in near:
                    near.add(i)
                    total, parts = self.lines[i]
                    more = {k for k in (total, *parts) if k in self.hidden} - reached
                    reached |= more
                    left += more
        return [self.lines[i] for i in sorted(near)]

    def _limits(self, key: Key) -> tuple[int, float]:
        """What a reader knows of a hidden count from the outset: most true zeros would be shown."""
        if key in self.protection.few:
            return 0, self.protection.few[key]
        low = 0 if key in self.unseen or not self.cells[key].count else 1
        return low, self.most.get(key, np.inf)

    def _bounds(self, key: Key, linked: list[Line]) -> tuple[float, float, list[Line]]:
        """Least and most that the hidden count of ``key`` can be, given every shown one.

        And the lines that hold it there: to hide a cell of another would loosen nothing.
        """
        if not linked:
            return *self._limits(key), []
        if len(linked) == 1 and linked[0][0] not in self.hidden:
            hidden = self._hidden_among(linked[0][1])
            rest = sum(self.cells[k].count for k in hidden)
            least, most = self._limits(key)
            others = [self._limits(k) for k in hidden if k != key]
            low = max(least, rest - sum(h for _, h in others))
            return low, min(most, rest - sum(lo for lo, _ in others)), linked
        return self._solved(key, linked)

    def _solved(self, key: Key, linked: list[Line]) -> tuple[float, float, list[Line]]:
        from scipy.optimize import linprog

        names = [k for total, parts in linked for k in (total, *parts) if k in self.hidden]
        column = {k: i for i, k in enumerate(dict.fromkeys(names))}
        sums, right = np.zeros((len(linked), len(column))), np.zeros(len(linked))
        for i, (total, parts) in enumerate(linked):
            for k, sign in ((total, -1), *((p, 1) for p in parts)):
                if k in column:
                    sums[i, column[k]] += sign
                else:
                    right[i] -= sign * self.cells[k].count
        limits = [self._limits(k) for k in column]
        found, price = [], np.zeros(len(linked))
        for sign in (1, -1):
            aim = np.zeros(len(column))
            aim[column[key]] = sign
            done = linprog(aim, A_eq=sums, b_eq=right, bounds=limits, method="highs")
            found.append(sign * (float(done.fun) if done.status == 0 else -np.inf))  # type: ignore[arg-type]
            if done.status == 0:
                self._meet(dict(zip(column, done.x.tolist(), strict=True)))  # type: ignore[union-attr]
                price += np.abs(done.eqlin.marginals)
        binding = [line for line, paid in zip(linked, price, strict=True) if paid > 1e-9]
        return found[0], found[1], binding

    def _meet(self, solution: Mapping[Key, float]) -> None:
        for key, value in solution.items():
            low, high = self.feasible_range.get(key, (value, value))
            self.feasible_range[key] = min(low, value), max(high, value)
