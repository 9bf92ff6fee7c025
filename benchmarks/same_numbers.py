"""Whether two folders of results hold the same numbers, but for what a map names.

    python benchmarks/same_numbers.py BEFORE AFTER [--map benchmarks/same_numbers.toml]

Every table of ``tables_private`` and ``publish/tables`` of both is read. The map says which tables
and columns were renamed, added or dropped, and which values stand for which; it is one to one.
Whatever differs and is not in it is printed, and the exit code is 1. Numbers agree within 1e-12.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd

FOLDERS = ("tables_private", "publish/tables")
TOLERANCE = 1e-12


def read_tables(result: Path) -> dict[str, pd.DataFrame]:
    """Every table of a result by "folder/name", each cell as it is written."""
    return {
        f"{folder}/{path.stem}": pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
        for folder in FOLDERS
        for path in sorted((result / folder).glob("*.csv"))
    }


def old_as_new(table: pd.DataFrame, told: dict, said: dict) -> pd.DataFrame:
    """An old table under its new names: columns renamed, values put for others."""
    for column, values in said.get("values", {}).items():
        if len(set(values.values())) < len(values):
            raise SystemExit(f"the map of {column!r} puts one value for two")
        table = table.assign(**{column: table[column].replace(values)})
    return table.rename(columns={**told.get("columns", {}), **said.get("columns", {})})


def new_as_old(table: pd.DataFrame, told: dict, said: dict, there: pd.DataFrame) -> pd.DataFrame:
    """A new table without the rows and columns that the map says were added."""
    for column, value in said.get("added_rows", {}).items():
        table = table[table[column] != value]
    added = {*told.get("added_columns", ()), *said.get("added", ())} - set(there.columns)
    return table.drop(columns=[c for c in table.columns if c in added]).reset_index(drop=True)


def unlike(one: pd.Series, other: pd.Series) -> int:
    """How many cells differ: as texts, and as numbers by more than the tolerance."""
    rows = (one != other).to_numpy()
    if not rows.any():
        return 0
    pair = [pd.to_numeric(s[rows], errors="coerce").to_numpy(float) for s in (one, other)]
    near = np.isclose(*pair, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=False)
    return int((~near).sum())


def compare(before: Path, after: Path, told: dict) -> list[str]:
    """What differs between two results and is not in the map, a line each."""
    old, new = read_tables(before), read_tables(after)
    renamed, dropped = told.get("tables", {}), set(told.get("dropped", ()))
    if len(set(renamed.values())) < len(renamed):
        raise SystemExit("the map gives two tables one name")
    faults, cells = [], 0
    left = set(new) - set(told.get("added", ()))
    for name, table in old.items():
        if name in dropped:
            continue
        to = renamed.get(name, name)
        if to not in new:
            faults.append(f"{name}: gone")
            continue
        left.discard(to)
        said = told.get("in", {}).get(to, {})
        there = old_as_new(table, told, said)
        here = new_as_old(new[to], told, said, there)
        if sorted(there.columns) != sorted(here.columns):
            faults.append(f"{to}: columns {sorted(set(there.columns) ^ set(here.columns))}")
            continue
        if len(there) != len(here):
            faults.append(f"{to}: {len(there)} rows before, {len(here)} after")
            continue
        for column in there.columns:
            if n := unlike(there[column], here[column]):
                faults.append(f"{to}.{column}: {n} of {len(there)} cells")
        cells += there.size
    faults += [f"{name}: new" for name in sorted(left)]
    print(f"{len(old)} tables, {cells:,} cells compared, {len(faults)} differences")
    return faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--map", type=Path, default=Path(__file__).with_suffix(".toml"))
    asked = parser.parse_args()
    faults = compare(asked.before, asked.after, tomllib.loads(asked.map.read_text("utf-8")))
    print(*faults, sep="\n")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
