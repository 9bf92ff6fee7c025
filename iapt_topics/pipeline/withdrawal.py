"""A respondent withdraws: what the results keep of them goes, and the study is run without them."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.events import Event, OnEvent, ignore
from iapt_topics._base.files import write_whole
from iapt_topics._base.private import refuse_link
from iapt_topics._base.result import Result
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.encoders.vector_cache import keep_only
from iapt_topics.pipeline.edits import DECIDED, leave_out_responses
from iapt_topics.pipeline.execute_plan import (
    WITHDRAWN,
    load_survey,
    redact_survey,
    run_plan,
    with_withdrawn,
    write_results,
)
from iapt_topics.pipeline.manifest import MANIFEST, require_own_manifest
from iapt_topics.pipeline.plan import PLAN, StudyPlan, plan_text
from iapt_topics.pipeline.traces import Traces, traces_of
from iapt_topics.pipeline.write import PRIVATE, PUBLIC, REPORT
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import split_sentences
from iapt_topics.survey.who import fold_id
from iapt_topics.survey.withdrawn import Withdrawn, read_withdrawn, write_withdrawn
from iapt_topics.validation.withdrawn import leave_out_items

#: What a run writes to its folders of results, by pattern.
_RESULTS = (
    f"{PRIVATE}/*.csv", f"{PRIVATE}/README.txt", f"{REPORT}/report.html", f"{PUBLIC}/report.html",
    f"{PUBLIC}/draft.docx", f"{PUBLIC}/tables.xlsx", f"{PUBLIC}/tables/*.csv",
    f"{PUBLIC}/tables/README.txt",
)  # fmt: skip
_STAGES = re.compile(r"(?:topics|stage-[a-z]+)-[0-9a-f]+")


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Withdrawal(Result):
    """What the withdrawal of respondents changed.

    Attributes
    ----------
    respondents : int
        Respondents who are left out by this withdrawal.
    rows : int
        Rows of the survey that are theirs.
    tables : pandas.DataFrame
        Public tables that are not what they were: ``table`` (its name), ``rows`` (that it has),
        ``new`` (of them not in the earlier one), ``gone`` (of the earlier one not in it). Of a
        table that is no longer made, ``rows`` is 0.
    compared : bool
        Whether there was an earlier public version in the folder.
    removed : tuple of str
        Saved studies in the folder that were removed, and tasks, answers and decisions of which
        parts were.
    left : tuple of str
        Other files in the folder that still hold an id or words of theirs.
    yours : tuple of Path
        Files of the researcher's own, from which the study is made; none was changed.
    """

    respondents: int
    rows: int
    tables: pd.DataFrame
    compared: bool
    removed: tuple[str, ...]
    left: tuple[str, ...]
    yours: tuple[Path, ...]

    _view = ("tables",)

    def _title(self) -> str:
        return f"{self.respondents} respondents withdrew, with {self.rows} rows"


def withdraw(
    plan: StudyPlan,
    respondents: Sequence[str],
    encoder: Encoder,
    *,
    rows_removed: bool = False,
    on_event: OnEvent = ignore,
) -> Withdrawal:
    """Remove respondents from all that a folder of results keeps, and run the study without them.

    Their ids go to a list of keyed hashes in the folder (``withdrawn.json``), by which this run and
    every later one leaves their rows out. The survey is the researcher's, and is not written to.

    Parameters
    ----------
    plan : StudyPlan
        Of the results, from :func:`read_plan`.
    respondents : sequence of str
        Ids of respondents, as in the survey; of responses, if it has no respondents.
    encoder : Encoder
        As for :func:`run_plan`. Vectors are dropped from the cache of the results; those that an
        encoder keeps elsewhere are not.
    rows_removed : bool, default False
        Their rows are no longer in the survey's file, so that an id it does not have is no mistake.
    on_event : callable, optional
        As for :func:`run_plan`.

    Returns
    -------
    Withdrawal
        With the public tables that changed.

    Raises
    ------
    InputError
        If an id is not in the survey, rows are known by their number alone, nobody is left, or the
        results are of a later wave placed on earlier ones; then nothing was removed. Or if the
        study cannot be run without them, as where people decided on a topic that is no more.

    Warns
    -----
    UserWarning
        If the earlier public version can be set against the new one.
    """
    if plan.after is not None:
        raise InputError(
            "a respondent", "must withdraw from the results of the earlier waves",
            "those of a later wave",
            f"Run: iapt-topics withdraw {plan.after}. Then delete {plan.out}, and place the wave "
            "again (iapt-topics wave).",
        )  # fmt: skip
    plan = with_withdrawn(plan)
    require_own_manifest(plan.out)
    named = tuple(dict.fromkeys(r.strip() for r in respondents if r.strip()))
    if not named:
        raise InputError("respondents", "must name one at least", "none", "Give --respondent ID.")
    known = Withdrawn() if plan.withdrawn is None else read_withdrawn(plan.withdrawn)
    withdrawn = known.joined_by(named)
    everyone = redact_survey(plan, load_survey(replace(plan, withdrawn=None), ignore))
    gone = _rows_of(everyone, named, rows_removed)
    path = plan.withdrawn or plan.out / WITHDRAWN
    refuse_link(path)
    remaining = redact_survey(plan, load_survey(plan, ignore, withdrawn=withdrawn))
    _require_gone(gone, remaining)
    traces = traces_of(gone, remaining)
    traces = replace(traces, ids=traces.ids | set(named))
    before = _public_tables(plan.out)

    # The list comes first: whatever stops this, no later run counts them again.
    write_withdrawn(path, withdrawn)
    plan = replace(plan, withdrawn=path)
    write_whole(plan.out / PLAN, plan_text(plan, plan.out / PLAN), private=True)
    on_event(Event("stage", "Removing what is kept of them"))
    removed = _erase(plan.out, remaining, getattr(encoder, "prompt", ""), traces)
    try:
        study = run_plan(plan, encoder, on_event=on_event)
    except InputError as error:  # such as a decision on a topic that there is no more
        do = f"{error.do} The respondents are removed; results are missing until it is run again."
        raise InputError(error.what, error.rule, error.got, do) from error
    on_event(Event("stage", "Writing the results"))
    write_results(study, plan, ("run", str(plan.out)))
    own = _own_files(plan)
    return Withdrawal(
        respondents=len({fold_id(r) for r in named}),
        rows=len(gone.table),
        tables=_changes(before, _public_tables(plan.out)),
        compared=bool(before),
        removed=removed,
        left=tuple(
            _name(p, plan.out)
            for p in _files(plan.out)
            if p.resolve() not in own and traces.left_in(p)
        ),
        yours=tuple(own),
    )


def _rows_of(everyone: Responses, named: Sequence[str], rows_removed: bool) -> Responses:
    """Rows of the respondents; an id that has none is a mistake, unless they were removed."""
    table = everyone.table
    folded = table["respondent_id"].map(fold_id)
    have = set(folded)
    other = [who for who in named if fold_id(who) not in have]
    if other and not rows_removed:
        raise InputError(
            "respondents", "must be in the survey", listed(other),
            "Check the ids. If you have already deleted the rows from the file, add "
            "--rows-removed.",
        )  # fmt: skip
    rows = table[folded.isin({fold_id(who) for who in named})]
    return replace(everyone, table=rows.reset_index(drop=True))


def _require_gone(gone: Responses, remaining: Responses) -> None:
    """Raise if rows would stay: those of no respondent and no id of their own."""
    stay = set(gone.table["response_id"]) & set(remaining.table["response_id"])
    if stay:
        raise InputError(
            "respondents", "must be known by an id of the survey",
            f"{len(stay)} row(s) that are known by their number alone",
            "Name the column of response ids: iapt-topics run RESULTS --response COLUMN.",
        )  # fmt: skip


def _erase(out: Path, remaining: Responses, prompt: str, traces: Traces) -> tuple[str, ...]:
    """Remove what a folder keeps that is made of the respondents; what of it was a person's."""
    (out / MANIFEST).unlink(missing_ok=True)
    for pattern in _RESULTS:
        for path in out.glob(pattern):
            path.unlink()
    cache = out / "cache"
    for path in cache.iterdir() if cache.is_dir() else ():
        if _STAGES.fullmatch(path.name) and path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
    texts = {s for text in remaining.kept["text"] for s in split_sentences(text)}
    keep_only(cache, (prompt + s for s in texts))
    saved = [p.parent for p in out.rglob("values.json") if _is_study(p)]
    for folder in saved:
        shutil.rmtree(folder)
    judged = leave_out_items(_files(out), traces.shown_in)
    decided = (out / REPORT / DECIDED).glob("*.json")
    judged += leave_out_responses([p for p in decided if not p.is_symlink()], traces.shown_in)
    return tuple(_name(p, out) for p in (*saved, *judged))


def _is_study(values: Path) -> bool:
    """Whether the file is that of a saved study, which cannot be mended but only made anew."""
    if values.is_symlink() or values.parent.is_symlink():
        return False
    with values.open("rb") as stream:
        return stream.read(40).replace(b" ", b"").startswith(b'{"class":"Study"')


def _public_tables(out: Path) -> dict[str, list[str]]:
    """Rows of each public table, as text."""
    return {
        path.stem: path.read_text("utf-8-sig").splitlines()[1:]
        for path in sorted((out / PUBLIC / "tables").glob("*.csv"))
        if not path.is_symlink()
    }


def _changes(before: Mapping[str, list[str]], after: Mapping[str, list[str]]) -> pd.DataFrame:
    rows = []
    for name in dict.fromkeys((*after, *before)):
        old, new = Counter(before.get(name, [])), Counter(after.get(name, []))
        if old != new:
            rows.append((name, new.total(), (new - old).total(), (old - new).total()))
    return pd.DataFrame(rows, columns=["table", "rows", "new", "gone"])


def _own_files(plan: StudyPlan) -> list[Path]:
    """Files of the researcher's that may hold rows, codes or quotes of a respondent."""
    named = (plan.file, plan.codes, plan.documents, plan.approved)
    return [p.resolve() for p in named if p is not None]


def _files(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink()]


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()
