"""Write the results of a study: private and publishable, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.private import private_folder, refuse_links
from iapt_topics._base.sheets import private_csv
from iapt_topics.figures._style import figure_bytes
from iapt_topics.pipeline.manifest import remove_manifest, write_manifest
from iapt_topics.pipeline.publications import noise_secret, note_publication
from iapt_topics.pipeline.saved import stage_once
from iapt_topics.publish.disclosure import Disclosure, parse_rule
from iapt_topics.publish.exports import write_tables
from iapt_topics.publish.published import Published, keep_private, publish, with_looks
from iapt_topics.report.draft import write_draft_once
from iapt_topics.report.key_results import write_results_workbook
from iapt_topics.report.pictures import draw
from iapt_topics.report.write import write_report
from iapt_topics.study.study import Study

#: Folders of a result: for the researcher alone, and what may be passed on.
PRIVATE, REPORT, PUBLIC = "tables_private", "private", "publish"


def write_study(
    folder: str | Path,
    study: Study,
    *,
    disclosure: int | str | Disclosure = "default",
    quotes: pd.DataFrame | bool | None = None,
    command: Sequence[str] = (),
    record: str | Path | None = None,
    more: Mapping[str, pd.DataFrame] | None = None,
    looks: int = 0,
) -> dict[str, Path]:
    """Write a study's public files, and apart from them the private ones.

    Two reports of one form are always written: the exact one in ``private``, and the one that may
    be passed on in ``publish``.

    Parameters
    ----------
    folder : str or Path
        Made if need be. Files of the same names are replaced, each as a whole.
    study : Study
        From :func:`iapt_topics.run_study`.
    disclosure : int, str or Disclosure, default "default"
        As for :func:`iapt_topics.publish.publish`, but not 1: what is in ``publish`` is never
        exact.
    quotes : DataFrame or bool, optional
        As for :func:`iapt_topics.publish.publish`. The private report has quotes in any case.
    command : sequence of str, optional
        The words after ``iapt-topics`` that made the study, for ``iapt-topics verify``.
    record : str or Path, optional
        Folder in which is kept what was published of these data before, by which a later public
        version is compared with it; ``folder`` by default. It has hashes and no data
        (``publications.json``), and, for a rule with noise, the secret of it (``noise_secret``).
    more : mapping of str to DataFrame, optional
        Further private tables by name, such as those of blind tests.
    looks : int, default 0
        Which look at the hand codes that certify themes it is, which stands beside the verdicts; 0
        where no record is kept.

    Returns
    -------
    dict of str to Path
        "report", "private_report", "published", "workbook", "draft", "manifest" and the name of
        each private table, to where it is. The folder ``publish`` has the report, the same tables
        as CSV files and as a workbook, and a draft of a paper, all by one rule of disclosure
        control. ``private`` has the exact
        report and ``tables_private`` the exact tables, row by row, for this account alone. The
        manifest is written last: a folder without one is not a whole result.

    Raises
    ------
    InputError
        If the folder has a manifest of something else, or a link where a file is to go; or if the
        rule suppresses nothing.

    Warns
    -----
    UserWarning
        If an earlier public version of overlapping responses can be set against this one.
    """
    folder, rule = Path(folder), parse_rule(disclosure)
    if rule.is_off:
        raise InputError(
            "disclosure", "must suppress small counts", "1",
            f"Give 2 or more; the exact report is {REPORT}/report.html in any case.",
        )  # fmt: skip
    remove_manifest(folder)
    private, public = folder / PRIVATE, folder / PUBLIC
    for name in (PRIVATE, REPORT):
        private_folder(folder / name)
    for name in (PUBLIC, f"{PUBLIC}/tables"):
        refuse_links(folder, name)
    written = {}
    exact = with_looks(keep_private(study), looks)
    for name, table in (dict(exact.tables) | dict(more or {})).items():
        written[name] = private / f"{name}.csv"
        # With a byte-order mark, without which Excel takes UTF-8 for the local code page.
        write_whole(written[name], private_csv(table), encoding="utf-8-sig", private=True)
    write_whole(private / "README.txt", _PRIVATE, private=True)
    written["private_report"] = write_report(folder / REPORT / "report.html", exact)
    keep = folder if record is None else Path(record)
    published = publish(study, rule, quotes=quotes, secret=noise_secret(keep, rule))
    published = with_looks(published, looks)
    written["report"] = write_report(public / "report.html", published)
    written["workbook"] = write_results_workbook(public / "tables.xlsx", published)
    written["published"] = write_tables(public / "tables", published)
    once = partial(_picture_once, None if record is None else Path(record) / "cache")
    written["draft"] = write_draft_once(public / "draft.docx", published, once)
    note_publication(keep, study, published)
    files = [p for p in written.values() if p.is_file()]
    files += [private / "README.txt", *written["published"].iterdir()]
    return written | {"manifest": write_manifest(folder, study.manifest, files, command)}


def _picture_once(folder: Path | None, made_of: object, draw: Callable[[], bytes]) -> bytes:
    """A picture, from the folder if it was drawn of the same by the same Matplotlib."""
    made_of = (version("matplotlib"), made_of)
    picture = stage_once(folder, "figure", made_of, lambda: np.frombuffer(draw(), np.uint8))
    return picture.tobytes()


def write_figures(folder: str | Path, published: Published) -> dict[str, Path]:
    """Write every figure of a study as SVG, PDF and PNG.

    Parameters
    ----------
    folder : str or Path
        Made if need be. Files of the same names are replaced, each as a whole.
    published : Published
        From :func:`iapt_topics.publish.publish`: the figures show the numbers of the report.

    Returns
    -------
    dict of str to Path
        Name of each file, such as "drift.pdf", to where it is.
    """
    written = {}
    for name, figure in draw(published).items():
        for kind in ("svg", "pdf", "png"):
            written[f"{name}.{kind}"] = Path(folder) / f"{name}.{kind}"
            write_whole(written[f"{name}.{kind}"], figure_bytes(figure, kind))
    return written


_PRIVATE = (
    "For the researcher alone: do not pass on. These tables are exact, down to single responses, "
    "and have small counts. What may be passed on is in the folder publish.\n"
)
