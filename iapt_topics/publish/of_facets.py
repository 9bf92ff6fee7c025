"""What is published of the facets: by theme over all waves, and by wave over all themes.

They are decided on after all other counts, of which none changes for their sake: a value is shown
only where neither it nor what is left of another published count is of too few respondents.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from iapt_topics.publish.cells import Cells
from iapt_topics.publish.counts import ALL
from iapt_topics.publish.suppression import Key
from iapt_topics.study.facets import IS, NAMES, carried_values, facet_sets
from iapt_topics.study.study import Study


def publish_facets(study: Study, cells: Cells) -> dict[str, pd.DataFrame]:
    """Tables of the facets, of a study's exact ones; none if it has none."""
    if study.facets is None:
        return {}
    sets, carried = facet_sets(study.facets), carried_values(study.mapping.frame)
    hidden = cells.suppressed | _by_theme(sets, cells) | _by_wave(sets, carried, cells)
    shown = Cells(cells.counts, frozenset(hidden), cells.rule)
    tables = {}
    for name, by in (("facet_themes", "theme"), ("facet_years", "year")):
        rows = []
        if name not in study.tables:
            continue
        for row in study.tables[name].to_dict("records"):
            value = f"{row['facet']}{IS}{row['value']}"
            base = ("theme", row["theme"], ALL) if by == "theme" else ("base", row["year"])
            key = ("facet", value, row[by])
            share = shown.share(key, base, row["n_effective"], weighted=True)
            kept = {c: row[c] for c in (*NAMES, by, "carried") if c in row}
            rows.append(kept | share)
        tables[name] = pd.DataFrame(rows)
    return tables


def _by_theme(sets: dict[str, dict[str, set[str]]], cells: Cells) -> set[Key]:
    """Values beside a theme that are suppressed; their counts are added to the others."""
    counts, hidden = cells.counts, set[Key]()
    every: dict[tuple[str, str], set[str]] = {}
    for value, of in sets.items():
        for theme, ids in of.items():
            every.setdefault((value.split(IS)[0], theme), set()).update(ids)
    for value, of in sets.items():
        for theme in counts.given:
            whole = counts.given[theme] & counts.seen
            ids = of.get(theme, set()) & whole
            key = ("facet", value, theme)
            counts.put(key, ids)
            neither = whole - every.get((value.split(IS)[0], theme), set())
            if _too_few(cells, ids, whole - ids, neither):
                hidden.add(key)
    return hidden


def _by_wave(
    sets: dict[str, dict[str, set[str]]], carried: set[tuple[str, str]], cells: Cells
) -> set[Key]:
    """Values in a wave that are suppressed."""
    counts, hidden = cells.counts, set[Key]()
    for value, of in sets.items():
        every = set().union(*of.values())
        for year, seen in counts.by_year.items():
            ids, key = every & seen, ("facet", value, year)
            counts.put(key, ids)
            few = _too_few(cells, ids, seen - ids)
            for theme in of:
                given = counts.given[theme] & seen
                if not given & ids:
                    continue
                # Of two counts, one within the other, the difference is a count, too. A reader
                # knows of a theme that carries the value that it is within, but for a few.
                rest, other = ids - given, given - ids
                if not other or (theme, value) in carried:
                    open_ = ("theme", theme, year) not in cells.suppressed
                    few |= _too_few(cells, rest) or not (rest or open_)
                if not rest:
                    few |= _too_few(cells, other)
            if few:
                hidden.add(key)
        # The sum over all waves less the count beside one theme is a count, too.
        if any(_too_few(cells, every - ids) for ids in of.values()):
            hidden |= {("facet", value, year) for year in counts.by_year}
    return hidden


def _too_few(cells: Cells, *parts: Iterable[str]) -> bool:
    """Whether one of some sets of responses is of a few respondents, and not of none."""
    return any(_is_few(cells, ids) for ids in parts)


def _is_few(cells: Cells, ids: Iterable[str]) -> bool:
    people = set[str]()
    for i in ids:  # of a large set the first few say that it is large
        people.add(cells.counts.cluster[i])
        if not cells.rule.is_small(len(people)):
            return False
    return bool(people)
