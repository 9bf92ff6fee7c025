"""The counts behind the tables of a study, and every sum that binds them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from iapt_topics.codes.axis import axis_codes
from iapt_topics.publish.noise import MODULUS, record_keys
from iapt_topics.publish.suppression import Cell, Key, Line
from iapt_topics.study.study import Study
from iapt_topics.study.tables import coder_weights, compared_ids
from iapt_topics.survey.respondents import name_levels, tabulated
from iapt_topics.topics.topics import MIN_SUPPORT

if TYPE_CHECKING:
    from iapt_topics.agreement.comparison import Comparison
    from iapt_topics.codes.codes import Codes
    from iapt_topics.mapping.mapping import TopicMapping
    from iapt_topics.survey.responses import Responses
    from iapt_topics.topics.topics import Topics

ALL = "all years"
#: A sum of weights, and the largest of them.
Weighed = tuple[float, float]


def link_counts(study: Study, secret: bytes | None = None) -> LinkedCounts:
    """Every count behind the published tables of a study, and every sum that binds them.

    With ``secret``, the sums of the record keys behind each, by which noise changes them.
    """
    responses, codes, topics = study.responses, study.codes, study.topics
    counts = LinkedCounts(responses, codes, secret)
    if study.axis_drift is not None:
        counts.add_axis(axis_codes(codes, study.mapping.frame), codes, study.mapping)
    counts.add_topics(topics)
    for name, result in (("comparison", study.comparison), ("benchmark", study.benchmark)):
        if result is not None:
            counts.add_comparison(name, result, [*study.human, codes])
    if "comparison" in counts.compared:
        counts.add_years("comparison")
    counts.add_unsure(topics, MIN_SUPPORT)
    counts.add_people()
    kept = responses.kept.set_index("response_id")
    for covariate in tabulated(responses):
        counts.add_levels(covariate, name_levels(kept[covariate]))
    return counts


class LinkedCounts:
    """The counts of a study and every sum that binds them."""

    def __init__(self, responses: Responses, codes: Codes, secret: bytes | None = None) -> None:
        self.cells: dict[Key, Cell] = {}
        self.lines: list[Line] = []
        self.most: dict[Key, int] = {}
        self.never_shown: set[Key] = set()
        #: Sums that stand for nobody in particular.
        self.unprotected: set[Key] = set()
        self.kept = responses.kept
        self.coder = codes.coder
        self.cluster: dict[Any, Any] = responses.cluster_id.to_dict()
        #: By comparison, people who gave the responses that have one theme from each coder.
        self.behind: dict[str, dict[tuple[str, str], int]] = {}
        #: Totals of themes that are counts of a comparison, too.
        self.compared_whole: set[Key] = set()
        #: By coder and theme, each count over all years and the responses in it.
        self.counted: dict[tuple[str, str], list[tuple[Key, set[str]]]] = defaultdict(list)
        #: By comparison, both coders and the responses coded by both.
        self.compared: dict[str, tuple[Codes, Codes, set[str]]] = {}
        #: Survey weight of each coded response, of mean 1 in its year; empty without.
        self.weights = coder_weights(responses, codes)
        #: Sum of the weights behind a count, and the largest of them; empty without weights.
        self.weighed: dict[Key, Weighed] = {}
        self.record_keys = record_keys(self.cluster, secret) if secret is not None else {}
        #: Sum of the record keys behind a count; empty without a secret.
        self.keyed: dict[Key, int] = {}
        self._add_themes(codes)

    def weigh(self, ids: Iterable[str]) -> Weighed:
        """Sum of the weights of some responses, and the largest."""
        given = [self.weights[i] for i in ids if i in self.weights]
        return math.fsum(given), max(given, default=0.0)

    def one_each(self, base: Key, *, weighted: bool = False) -> bool:
        """Whether every person gave one response to a base, and all of them are of one weight."""
        cell = self.cells[base]
        return len(cell.people) == cell.count and not (
            weighted and self.weighed[base][1] > 1 + 1e-9
        )

    def _sum(self, total: Key, parts: Iterable[Key]) -> None:
        parts = tuple(p for p in parts if p in self.cells)
        if total not in self.cells:
            behind = frozenset().union(*(self.cells[p].people for p in parts))
            self.cells[total] = Cell(sum(self.cells[p].count for p in parts), behind)
            if self.record_keys:
                self.keyed[total] = sum(self.keyed[p] for p in parts) % MODULUS
            if self.weights:
                sums = [self.weighed[p] for p in parts]
                largest = max((most for _, most in sums), default=0.0)
                self.weighed[total] = math.fsum(total for total, _ in sums), largest
        self.lines.append((total, parts))

    def _split(self, whole: Key, part: Key, rest: Iterable[str]) -> None:
        """A whole and a part of it, whose rest is in no output but recoverable by differencing."""
        self._sum(whole, [part, self._unseen(("rest", whole, part), rest)])

    def _unseen(self, key: Key, ids: Iterable[str]) -> Key:
        """A count that is in no output."""
        self.put(key, ids)
        if self.cells[key].count:
            self.never_shown.add(key)
        return key

    def put(self, key: Key, ids: Iterable[str]) -> None:
        """Add a count of some responses and the people behind it."""
        ids = list(ids)
        self.cells[key] = Cell(len(ids), frozenset(map(self.cluster.get, ids)))
        if self.weights:
            self.weighed[key] = self.weigh(ids)
        if self.record_keys:
            self.keyed[key] = sum(self.record_keys[i] for i in ids) % MODULUS

    def _relate(self, key: Key, coder: str, theme: str, ids: set[str]) -> None:
        """A coder's count of a theme beside those of other responses."""
        for other, others in self.counted[coder, theme]:
            if ids == others:
                self.compared_whole.add(other)
            if ids <= others:
                self._split(other, key, others - ids)
            elif others < ids:
                self._split(key, other, ids - others)
            else:
                shared = self._unseen(("shared", key, other), ids & others)
                self._split(key, shared, ids - others)
                self._split(other, shared, others - ids)
        self.counted[coder, theme].append((key, ids))

    def _add_themes(self, codes: Codes) -> None:
        seen = self.kept[self.kept["response_id"].isin(codes.seen["response_id"])]
        by_year = {int(str(y)): set(part["response_id"]) for y, part in seen.groupby("year")}
        self.kept_by_year: dict[int, set[str]] = {
            int(str(y)): set(part["response_id"]) for y, part in self.kept.groupby("year")
        }
        for year, ids in self.kept_by_year.items():
            seen_ids = by_year.get(year, set())
            self.put(("kept", year), ids)
            self.put(("base", year), seen_ids)
            self._split(("kept", year), ("base", year), ids - seen_ids)
        self._sum(("kept", ALL), [("kept", y) for y in self.kept_by_year])
        self._sum(("base", ALL), [("base", y) for y in by_year])
        self.by_year: dict[int, set[str]] = by_year
        self.seen: set[str] = set().union(*by_year.values())
        self.given = given_by(codes)
        for theme in codes.themes:
            for year, ids in by_year.items():
                self.put(("theme", theme, year), ids & self.given[theme])
                self.most["theme", theme, year] = len(ids)
            self._sum(("theme", theme, ALL), [("theme", theme, y) for y in by_year])
            self._relate(("theme", theme, ALL), codes.coder, theme, self.given[theme] & self.seen)

    def add_axis(self, poles: Codes, codes: Codes, mapping: TopicMapping) -> None:
        """Classes of the axis: those of a year add up to its base."""
        for year, ids in self.by_year.items():
            for name in poles.themes:
                given = poles.table.loc[poles.table["theme"] == name, "response_id"]
                self.put(("class", name, year), ids & set(given))
            self._sum(("base", year), [("class", n, year) for n in poles.themes])
        frame = mapping.frame
        for pole, alone in zip(frame.axis or (), poles.themes[:2], strict=True):
            for year in self.by_year:
                parts = [("class", n, year) for n in (alone, poles.themes[2])]
                self._sum(("pole", pole, year), parts)
                # The only theme of a pole that was given in a year is the pole: a 0 is shown.
                found = [t for t in codes.themes if self.cells["theme", t, year].count]
                members = [t for t in found if frame.find_domain(t) == pole]
                if len(members) == 1:
                    self._sum(("theme", members[0], year), parts)
                elif members:
                    self._unite(("pole", pole, year), members, year)

    def _unite(self, whole: Key, members: Sequence[str], year: int) -> None:
        """A union of themes: none of them is larger, and their sum is no smaller."""
        given = {t: self.given[t] & self.by_year[year] for t in members}
        union = set().union(*given.values())
        for theme, ids in given.items():
            self._split(whole, ("theme", theme, year), union - ids)
        # What the sum of the themes counts more than once is in no output, nor is the sum. Of three
        # themes or more it is no number of respondents, and needs no protection of its own.
        again: list[str] = []
        before: set[str] = set()
        for ids in given.values():
            again += sorted(ids & before)
            before |= ids
        more, total = self._unseen(("again", whole), again), ("members", whole)
        if len(members) > 2:
            self.unprotected |= {more, total}
        self._sum(total, [("theme", t, year) for t in members])
        self.never_shown.add(total)
        self._sum(total, [whole, more])

    def add_topics(self, topics: Topics) -> None:
        """Topics: with the unassigned they add up to the kept responses."""
        rows = topics.assignments
        for topic, part in rows.groupby("topic"):
            self.put(("topic", int(str(topic))), part["response_id"])
        parts = [k for k in self.cells if isinstance(k, tuple) and k[0] == "topic"]
        self._sum(("kept", ALL), parts)

    def add_unsure(self, topics: Topics, sure: float) -> None:
        """Responses of a year without a stable topic, beside all of the year."""
        rows = topics.assignments
        unsure = set(rows.loc[rows["support"] < sure, "response_id"])
        for year, ids in self.kept_by_year.items():
            self.put(("unsure", year), ids & unsure)
            self.most["unsure", year] = len(ids)
            self._split(("kept", year), ("unsure", year), ids - unsure)
        self._sum(("unsure", ALL), [("unsure", y) for y in self.kept_by_year])
        # Those without a topic are among them, or the other way round.
        none = set(rows.loc[rows["topic"] < 0, "response_id"])
        if none and none <= unsure:
            self._split(("unsure", ALL), ("topic", -1), unsure - none)
        elif none and unsure < none:
            self._split(("topic", -1), ("unsure", ALL), none - unsure)

    def add_people(self) -> None:
        """Respondents of all years: a response of each, beside those that they gave besides."""
        ids = self.kept["response_id"]
        again = ids.map(self.cluster).duplicated().to_numpy()
        self.put(("people", ALL), ids[~again])
        self._split(("kept", ALL), ("people", ALL), ids[again])

    def add_levels(self, name: str, level: pd.Series) -> None:
        """Levels of a covariate, by response: those of a year add up to its kept responses."""
        for year, part in self.kept.groupby("year"):
            when, keys = int(str(year)), []
            for one, ids in part.groupby(level[part["response_id"]].to_numpy()):
                keys.append(("level", name, one, when))
                self.put(keys[-1], ids["response_id"])
                self.most[keys[-1]] = len(part)
            self._sum(("kept", when), keys)

    def add_comparison(self, name: str, result: Comparison, coders: Sequence[Codes]) -> None:
        """The codes of each coder in the responses coded by both."""
        known = {c.coder: c for c in coders}
        one, two = known.get(result.reference), known.get(result.other)
        if one is None or two is None:
            # Unknown people: one for each response, and no more can be said.
            for side in ("reference", "other"):
                for theme, n in result.themes[["theme", f"positives_{side}"]].itertuples(
                    index=False
                ):
                    key = (name, side, theme)
                    self.most[key] = result.n
                    self.cells[key] = Cell(int(n), frozenset((key, i) for i in range(int(n))))
            return
        both = compared_ids(one, two)
        self.behind[name] = self._pairs(one, two, both)
        self.compared[name] = one, two, both
        for side, coder in (("reference", one), ("other", two)):
            given = given_by(coder)
            for theme in result.themes["theme"]:
                key, ids = (name, side, theme), given[theme] & both
                self.put(key, ids)
                self.most[key] = result.n
                self._relate(key, coder.coder, theme, ids)

    def add_years(self, name: str) -> None:
        """What each coder of a comparison gave in each year."""
        one, two, both = self.compared[name]
        years = {y: ids & both for y, ids in self.by_year.items()}
        for year, ids in years.items():
            self.put((name, "base", year), ids)
            self._split(("base", year), (name, "base", year), self.by_year[year] - ids)
        for side, coder in (("reference", one), ("other", two)):
            given = given_by(coder)
            for theme in (t for t in one.themes if t in two.themes):
                keys: list[Key] = [(name, side, theme, y) for y in years]
                for key, (year, ids) in zip(keys, years.items(), strict=True):
                    self.put(key, given[theme] & ids)
                    self.most[key] = len(ids)
                    if coder.coder == self.coder:
                        others = given[theme] & self.by_year[year] - ids
                        self._split(("theme", theme, year), key, others)
                # Responses that are not kept are of no year.
                rest = given[theme] & both - self.seen
                self._sum(
                    (name, side, theme), [*keys, self._unseen(("no year", name, side, theme), rest)]
                )

    def _pairs(self, one: Codes, other: Codes, both: set[str]) -> dict[tuple[str, str], int]:
        first, second = (c.table[c.table["response_id"].isin(both)] for c in (one, other))
        rows = first[["response_id", "theme"]].merge(second[["response_id", "theme"]], "inner",
                                                     "response_id")  # fmt: skip
        rows = rows.assign(person=rows["response_id"].map(self.cluster))
        found = rows.groupby(["theme_x", "theme_y"])["person"].nunique()
        keys = [(str(a), str(b)) for a, b in found.index.to_list()]
        return dict(zip(keys, found.astype(int).to_list(), strict=True))


#: Counts that no output holds, by how their keys begin.
_UNSEEN = ("rest", "shared", "again", "no year", "members")


def is_base(key: Key) -> bool:
    """Whether a count is of a group of people, and not of those in it to whom something applies."""
    if not isinstance(key, tuple):
        return False
    if key[0] == "rest":
        return is_base(key[2])
    return key[0] in ("kept", "base", "people", "level") or (
        key[0] in ("comparison", "benchmark") and key[1] == "base"
    )


def hide_last(key: Key) -> int:
    """The order in which cells are hidden for others: what most figures need comes last."""
    if is_base(key):
        return 4
    if not isinstance(key, tuple):
        return 1
    if key[-1] == ALL or (key[0] in ("comparison", "benchmark") and len(key) == 3):
        return 3
    return 2 if key[0] == "pole" else 1


def hide_totals_first(counts: LinkedCounts, key: Key) -> int:
    """The same, but first of all the totals of themes, which can be added up from their years."""
    is_total = isinstance(key, tuple) and key[0] == "theme" and key[-1] == ALL
    return 0 if is_total and key not in counts.compared_whole else hide_last(key)


def few_cells(counts: LinkedCounts, least: int) -> dict[Key, int]:
    """Cells of fewer than ``least`` respondents, none among them, and the most each can count."""
    per_person = counts.kept["response_id"].map(counts.cluster)
    most = int(per_person.groupby(per_person).size().max()) if len(per_person) else 1
    yearly = counts.kept.assign(person=per_person).groupby(["year", "person"]).size()
    in_year = int(yearly.max()) if len(yearly) else 1
    return {
        key: (least - 1) * (in_year if isinstance(key[-1], int) else most)
        for key, cell in counts.cells.items()
        if isinstance(key, tuple)
        and key[0] not in _UNSEEN
        and not is_base(key)
        and len(cell.people) < least
    }


def given_by(codes: Codes) -> dict[str, set[str]]:
    """The responses that a coder gave each theme."""
    out: dict[str, set[str]] = defaultdict(set)
    for i, theme in zip(codes.table["response_id"], codes.table["theme"], strict=True):
        out[theme].add(i)
    return out
