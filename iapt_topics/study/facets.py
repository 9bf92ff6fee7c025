"""Exact tables of the facets: what stands beside a theme, by theme and by wave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics.codes.codes import Codes

if TYPE_CHECKING:
    from iapt_topics.frame.frame import ThemeFrame

#: Of a value of a facet: the two with this between them.
IS = "="
#: Columns that say which value of which facet a row is of.
NAMES = ("facet", "facet_label", "value", "value_label")


def facet_sets(facets: pd.DataFrame) -> dict[str, dict[str, set[str]]]:
    """Responses by value of a facet and by the theme beside which it stands."""
    rows = facets[facets["value"] != ""]
    keys = [rows["facet"] + IS + rows["value"], rows["theme"]]
    out: dict[str, dict[str, set[str]]] = {}
    for (value, theme), ids in rows.groupby(keys)["response_id"]:
        out.setdefault(str(value), {})[str(theme)] = set(ids)
    return out


def facet_codes(facets: pd.DataFrame, codes: Codes, frame: ThemeFrame) -> Codes:
    """The values of the facets as themes: a response has each that a sentence of it has."""
    values = tuple(f"{f.id}{IS}{v.id}" for f in frame.facets for v in f.values)
    rows = [
        (i, value) for value, of in facet_sets(facets).items() for i in set().union(*of.values())
    ]
    table = pd.DataFrame(rows, columns=["response_id", "theme"]).assign(score=float("nan"))
    return Codes(coder=codes.coder, kind=codes.kind, themes=values, seen=codes.seen, table=table)


def carried_values(frame: ThemeFrame) -> set[tuple[str, str]]:
    """Theme and value, of those themes that carry a value by their definition."""
    return {(t.id, value) for t in frame.codable for value in t.facets}


def named_values(table: pd.DataFrame, frame: ThemeFrame) -> pd.DataFrame:
    """A table by value with the value's own id, its facet, and what both are called."""
    labels = {
        f"{f.id}{IS}{v.id}": (f.id, f.label, v.id, v.label) for f in frame.facets for v in f.values
    }
    named = pd.DataFrame(
        [labels[v] for v in table["value"]], columns=list(NAMES), index=table.index
    )
    return pd.concat([named, table.drop(columns="value")], axis=1)
