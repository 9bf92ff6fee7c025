"""How often the codes that test the machine were looked at: a file of the private folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import require_columns
from iapt_topics._base.files import hash_parts, write_whole
from iapt_topics._base.private import private_folder, refuse_links
from iapt_topics._base.sheets import private_csv, read_sheet
from iapt_topics.codes.codes import Codes
from iapt_topics.pipeline.write import REPORT

#: In the folder ``private`` of a result; a run leaves it as it is.
LOOKS = "test_looks.csv"
_COLUMNS = ["when", "test", "machine", "precision", "recall", "confidence", "together"]


def record_look(
    folder: Path,
    machine: Codes,
    human: Codes,
    *,
    precision: float = 0.8,
    recall: float | None = None,
    confidence: float = 0.9,
    together: bool = False,
) -> int:
    """Write down that hand codes certified a machine, and return which look at them it was.

    The same question of the same machine codes is one look, however often it is asked.

    Parameters
    ----------
    folder : Path
        A folder of results.
    machine, human : Codes
        The machine's codes, and those that measured them.
    precision, recall, confidence, together : optional
        What was asked, as for :func:`iapt_topics.certify`.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    InputError
        If the record is a link, or has lost a column.
    """
    rows = _kept(folder)
    row = _row(machine, human, (precision, recall, confidence, together))
    if row[1:] not in [before[1:] for before in rows]:
        rows.append(row)
        text = private_csv(pd.DataFrame(rows, columns=_COLUMNS))
        write_whole(private_folder(folder / REPORT) / LOOKS, text, private=True)
    return _number(rows, row)


def count_look(folder: Path, machine: Codes, human: Codes) -> int:
    """Which look :func:`record_look` would be, by what a study asks; nothing is written."""
    return _number(_kept(folder), _row(machine, human, (0.8, None, 0.9, False)))


def _kept(folder: Path) -> list[list[str]]:
    refuse_links(folder, f"{REPORT}/{LOOKS}")
    path = folder / REPORT / LOOKS
    if not path.exists():
        return []
    table = read_sheet(path, LOOKS)
    require_columns(table, _COLUMNS, LOOKS)
    return [[cell_text(v) for v in values] for values in table[_COLUMNS].to_numpy().tolist()]


def _row(machine: Codes, human: Codes, asked: tuple[float | bool | None, ...]) -> list[str]:
    tested = human.seen.loc[~human.seen["response_id"].isin(human.picked), "response_id"]
    return [
        datetime.now(UTC).isoformat(timespec="seconds"), _hash(tested.tolist()),
        _hash([f"{r} {t} {s!r}" for r, t, s in machine.table.to_numpy(dtype=object).tolist()]),
        *("" if value is None else str(value) for value in asked),
    ]  # fmt: skip


def _number(rows: list[list[str]], row: list[str]) -> int:
    same = [before[1:] for before in rows if before[1] == row[1]]
    return same.index(row[1:]) + 1 if row[1:] in same else len(same) + 1


def _hash(parts: list[str]) -> str:
    return hash_parts(p.encode("utf-8", "surrogatepass") for p in sorted(parts))[:16]
