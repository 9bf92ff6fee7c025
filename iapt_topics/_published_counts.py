"""The counts behind the tables of a study, and every sum that binds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._suppression import Cell, Key, Line
from iapt_topics.disclosure import people

if TYPE_CHECKING:
    from iapt_topics.agreement import Comparison
    from iapt_topics.codes import Codes
    from iapt_topics.mapping import TopicMapping
    from iapt_topics.responses import Responses
    from iapt_topics.topics import Topics

ALL = "all years"


class System:
    """The counts of a study and every sum that binds them."""

    def __init__(self, responses: Responses, codes: Codes) -> None:
        self.cells: dict[Key, Cell] = {}
        self.lines: list[Line] = []
        self.most: dict[Key, int] = {}
        self.never_shown: set[Key] = set()
        self.kept = responses.kept
        self.who = people(responses)
        #: By comparison, people who gave the responses that have one theme from each coder.
        self.behind: dict[str, dict[tuple[str, str], int]] = {}
        self._add_themes(codes)

    def _sum(self, total: Key, parts: Iterable[Key]) -> None:
        parts = tuple(p for p in parts if p in self.cells)
        if total not in self.cells:
            behind = frozenset().union(*(self.cells[p].people for p in parts))
            self.cells[total] = Cell(sum(self.cells[p].count for p in parts), behind)
        self.lines.append((total, parts))

    def _split(self, whole: Key, part: Key, rest: Iterable[str]) -> None:
        """A whole and a part of it, whose rest is in no output but to be had by subtraction."""
        key = ("rest", whole, part)
        self._put(key, rest)
        if self.cells[key].count:
            self.never_shown.add(key)
        self._sum(whole, [part, key])

    def _put(self, key: Key, ids: Iterable[str]) -> None:
        ids = list(ids)
        self.cells[key] = Cell(len(ids), frozenset(self.who.reindex(ids)))

    def _add_themes(self, codes: Codes) -> None:
        seen = self.kept[self.kept["response_id"].isin(codes.seen["response_id"])]
        by_year = {int(str(y)): set(part["response_id"]) for y, part in seen.groupby("year")}
        self.kept_by_year: dict[int, set[str]] = {
            int(str(y)): set(part["response_id"]) for y, part in self.kept.groupby("year")
        }
        for year, ids in self.kept_by_year.items():
            seen_ids = by_year.get(year, set())
            self._put(("kept", year), ids)
            self._put(("base", year), seen_ids)
            self._split(("kept", year), ("base", year), ids - seen_ids)
        self._sum(("kept", ALL), [("kept", y) for y in self.kept_by_year])
        self._sum(("base", ALL), [("base", y) for y in by_year])
        self.by_year: dict[int, set[str]] = by_year
        self.seen: set[str] = set().union(*by_year.values())
        self.given: dict[str, set[str]] = defaultdict(set)
        for i, theme in zip(codes.table["response_id"], codes.table["theme"], strict=True):
            self.given[theme].add(i)
        for theme in codes.themes:
            for year, ids in by_year.items():
                self._put(("theme", theme, year), ids & self.given[theme])
                self.most["theme", theme, year] = len(ids)
            self._sum(("theme", theme, ALL), [("theme", theme, y) for y in by_year])

    def add_axis(self, poles: Codes, codes: Codes, mapping: TopicMapping) -> None:
        """Classes of the axis: those of a year add up to its base."""
        for year, ids in self.by_year.items():
            for name in poles.themes:
                given = poles.table.loc[poles.table["theme"] == name, "response_id"]
                self._put(("class", name, year), ids & set(given))
            self._sum(("base", year), [("class", n, year) for n in poles.themes])
        # A pole of a single theme says of that theme what its classes say.
        frame = mapping.frame
        for pole, alone in zip(frame.axis or (), poles.themes[:2], strict=True):
            for year in self.by_year:
                parts = [("class", n, year) for n in (alone, poles.themes[2])]
                self._sum(("pole", pole, year), parts)
        for pole, alone in zip(frame.axis or (), poles.themes[:2], strict=True):
            members = [t for t in codes.themes if frame.domain_of(t) == pole]
            if len(members) == 1:
                for year in self.by_year:
                    parts = [("class", n, year) for n in (alone, poles.themes[2])]
                    self._sum(("theme", members[0], year), parts)

    def add_topics(self, topics: Topics) -> None:
        """Topics: with the unassigned they add up to the kept responses."""
        rows = topics.assignments
        for topic, part in rows.groupby("topic"):
            self._put(("topic", int(str(topic))), part["response_id"])
        parts = [k for k in self.cells if isinstance(k, tuple) and k[0] == "topic"]
        self._sum(("kept", ALL), parts)

    def add_unsure(self, topics: Topics, sure: float) -> None:
        """Responses of a year whose topic is not sure, beside all of the year."""
        rows = topics.assignments
        unsure = set(rows.loc[rows["support"] < sure, "response_id"])
        for year, ids in self.kept_by_year.items():
            self._put(("unsure", year), ids & unsure)
            self.most["unsure", year] = len(ids)
            self._split(("kept", year), ("unsure", year), ids - unsure)
        self._sum(("unsure", ALL), [("unsure", y) for y in self.kept_by_year])
        # Those without a topic are among them, or the other way round.
        none = set(rows.loc[rows["topic"] < 0, "response_id"])
        if none and none <= unsure:
            self._split(("unsure", ALL), ("topic", -1), unsure - none)
        elif none and unsure < none:
            self._split(("topic", -1), ("unsure", ALL), none - unsure)

    def add_levels(self, name: str, level: pd.Series) -> None:
        """Levels of a covariate, by response: those of a year add up to its kept responses."""
        for year, part in self.kept.groupby("year"):
            when, keys = int(str(year)), []
            for one, ids in part.groupby(level[part["response_id"]].to_numpy()):
                keys.append(("level", name, one, when))
                self._put(keys[-1], ids["response_id"])
                self.most[keys[-1]] = len(part)
            self._sum(("kept", when), keys)

    def add_comparison(self, name: str, result: Comparison, coders: Sequence[Codes]) -> None:
        """What each coder gave to the responses that both saw."""
        known = {c.coder: c for c in coders}
        pair = [known.get(result.reference), known.get(result.other)]
        both: set[str] | None = None
        if pair[0] is not None and pair[1] is not None:
            both = set(pair[0].seen["response_id"]) & set(pair[1].seen["response_id"])
            both -= pair[0].trained_on | pair[1].trained_on
            self.behind[name] = self._pairs(pair[0], pair[1], both)
        sides = (("reference", pair[0]), ("other", pair[1]))
        for row in result.themes.to_dict("records"):
            for side, coder in sides:
                key = (name, side, row["theme"])
                count = int(row[f"positives_{side}"])
                self.most[key] = result.n
                if both is None or coder is None:
                    # Unknown people: one for each response, and no more can be said.
                    self.cells[key] = Cell(count, frozenset((key, i) for i in range(count)))
                    continue
                own = coder.table.loc[coder.table["theme"] == row["theme"], "response_id"]
                given = set(own) & both
                behind = self.who.reindex(list(given)).dropna()
                stand: set[Hashable] = set(behind) or {(key, i) for i in range(count)}
                self.cells[key] = Cell(count, frozenset(stand))
                total = ("theme", row["theme"], ALL)
                # The machine's count of all years, less this one, is what others did not see.
                if coder is coders[-1] and total in self.cells:
                    self._split(total, key, (self.given[row["theme"]] & self.seen) - given)

    def _pairs(self, one: Codes, other: Codes, both: set[str]) -> dict[tuple[str, str], int]:
        first, second = (c.table[c.table["response_id"].isin(both)] for c in (one, other))
        rows = first[["response_id", "theme"]].merge(second[["response_id", "theme"]], "inner",
                                                     "response_id")  # fmt: skip
        rows = rows.assign(person=self.who.reindex(rows["response_id"]).to_numpy())
        found = rows.groupby(["theme_x", "theme_y"])["person"].nunique()
        keys = [(str(a), str(b)) for a, b in found.index.to_list()]
        return dict(zip(keys, found.astype(int).to_list(), strict=True))
