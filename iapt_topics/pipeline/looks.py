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
    refuse_links(folder, f"{REPORT}/{LOOKS}")
    path = private_folder(folder / REPORT) / LOOKS
    asked = (precision, recall, confidence, together)
    tested = human.seen.loc[~human.seen["response_id"].isin(human.picked), "response_id"]
    row = [
        datetime.now(UTC).isoformat(timespec="seconds"), _hash(tested.tolist()),
        _hash([f"{r} {t} {s!r}" for r, t, s in machine.table.to_numpy(dtype=object).tolist()]),
        *("" if value is None else str(value) for value in asked),
    ]  # fmt: skip
    rows: list[list[str]] = []
    if path.exists():
        table = read_sheet(path, LOOKS)
        require_columns(table, _COLUMNS, LOOKS)
        rows = [[cell_text(v) for v in values] for values in table[_COLUMNS].to_numpy().tolist()]
    if row[1:] not in [before[1:] for before in rows]:
        rows.append(row)
        text = private_csv(pd.DataFrame(rows, columns=_COLUMNS))
        write_whole(path, text, private=True)
    same = [before[1:] for before in rows if before[1] == row[1]]
    return same.index(row[1:]) + 1


def _hash(parts: list[str]) -> str:
    return hash_parts(p.encode("utf-8", "surrogatepass") for p in sorted(parts))[:16]
