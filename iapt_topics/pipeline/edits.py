"""Sheets that people decide on, and what came back of them as a part of the study.

``iapt-topics edits`` writes a sheet of the topics, one of the mapping and, where there are human
codes, one of the convergence matrix for each rater. What comes back is kept in the private folder
of the results, with the responses of each topic in place of its number, and the plan names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import hash_parts, write_whole
from iapt_topics._base.private import private_folder, refuse_links
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.agreement.comparison import Comparison
from iapt_topics.agreement.convergence import read_convergence, write_convergence
from iapt_topics.codes.codes import Codes
from iapt_topics.encoders.embeddings import embed
from iapt_topics.encoders.encoder import Encoder
from iapt_topics.mapping.edits import MappingEdits, read_mapping, write_edits, write_mapping
from iapt_topics.mapping.mapping import TopicMapping
from iapt_topics.pipeline.decided import (
    Decisions,
    placed_mapping_edits,
    placed_topic_edits,
    ratings_alike,
    read_rated,
)
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.pipeline.write import REPORT
from iapt_topics.study.study import Study
from iapt_topics.topics.cache import fit_once
from iapt_topics.topics.edit_sheet import read_topic_sheet, write_decisions, write_topic_sheet
from iapt_topics.topics.edits import TopicEdit
from iapt_topics.topics.topics import Topics

#: Folder, in the private one of the results, of what people decided.
DECIDED = "decisions"
TOPICS, MAPPING, CONVERGENCE = KINDS = ("topics", "mapping", "convergence")
#: Columns by which a sheet is known, kind by kind.
_KNOWN_BY = {
    TOPICS: {"topic", "merge_with", "leave_out"},
    MAPPING: {"topic", "theme", "decision"},
    CONVERGENCE: {"theme", "proposed", "rating", "rater"},
}
_RATED = ["theme", "label", "proposed", "rating", "rater", "rationale"]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Decidable:
    """What is decided on: a study, its topics as they were fitted, and the decisions it has."""

    study: Study
    fitted: Topics
    decided: Decisions

    @property
    def proposals(self) -> TopicMapping:
        """The mapping as the machine proposed it."""
        scores = self.study.mapping.scores
        decision = scores["decision"]
        chosen = np.where(decision == "add", False, scores["chosen"] | (decision == "reject"))
        plain = scores.assign(chosen=chosen.astype(bool), decision="", note="")
        return replace(self.study.mapping, scores=plain)

    @property
    def proposed(self) -> Comparison | None:
        """The comparison with the ratings that the machine proposed."""
        found = self.study.comparison
        if found is None:
            return None
        table = found.convergence
        bare = table.assign(rating=table["proposed"], rater="", rationale="")
        return replace(found, convergence=bare)


def fitted_topics(study: Study, encoder: Encoder, cache: Path) -> Topics:
    """Topics of a study as they were fitted, before people edited them."""
    if study.topics.edits.empty:
        return study.topics
    embeddings = embed(study.responses, encoder)
    return fit_once(study.responses, embeddings, study.topics.config, cache)


def sheet_paths(folder: Path, raters: Sequence[str], ending: str, *, compared: bool) -> list[Path]:
    """Where the sheets go: of the topics, of the mapping, and of each rater."""
    plain = [re.sub(r"[^\w-]+", "_", rater).strip("_")[:40] for rater in raters]
    rated = [f"{CONVERGENCE}_{k}_{name}" for k, name in enumerate(plain, 1)] or [CONVERGENCE]
    names = [TOPICS, MAPPING, *(rated if compared else ())]
    return [folder / f"{name}{ending}" for name in names]


def write_sheets(paths: Sequence[Path], given: Decidable, raters: Sequence[str]) -> None:
    """Write the sheets, with what was decided before.

    Parameters
    ----------
    paths : sequence of Path
        From :func:`sheet_paths`.
    given : Decidable
        What is decided on.
    raters : sequence of str
        Who rates convergence, each on a sheet of their own.
    """
    study, (topics, mapping, *rated) = given.study, paths
    write_topic_sheet(topics, given.fitted, placed_topic_edits(given.decided, given.fitted))
    proposals = given.proposals
    edits = placed_mapping_edits(given.decided, proposals, study.topics)
    write_mapping(mapping, proposals, study.topics, edits=edits)
    comparison = given.proposed
    if comparison is None:
        return
    before = [read_rated(path) for path in given.decided.ratings]
    for path, rater in zip(rated, raters or [""], strict=True):
        own = [t for t in before if set(t["rater"]) == {rater}]
        write_convergence(path, _rated_before(comparison, own[0]) if own else comparison)


def _rated_before(comparison: Comparison, sheet: pd.DataFrame) -> Comparison:
    """What a rater gave before, where the machine's proposal is still the same."""
    table = comparison.convergence.copy()
    rows = sheet.set_index("theme")
    for at, row in table.iterrows():
        if row["theme"] in rows.index and rows["proposed"][row["theme"]] == row["proposed"]:
            table.loc[at, ["rating", "rater", "rationale"]] = [
                rows[c][row["theme"]] for c in ("rating", "rater", "rationale")
            ]
    return replace(comparison, convergence=table)


def known_kind(path: Path) -> str:
    """What a sheet is of, by its columns.

    Raises
    ------
    InputError
        If it is none of the sheets.
    """
    columns = set(map(str, read_sheet(path, f"sheet {path.name!r}").columns))
    for kind, needed in _KNOWN_BY.items():
        if needed <= columns:
            return kind
    raise InputError(
        f"sheet {path.name!r}", "must be of topics, of the mapping, or of convergence",
        "other columns", "Fill in the sheets that 'iapt-topics edits RESULTS' writes.",
    )  # fmt: skip


def take_sheets(
    plan: StudyPlan, given: Decidable, files: Sequence[Path]
) -> tuple[StudyPlan, list[str]]:
    """Keep what people decided in sheets, and name it in the plan.

    Parameters
    ----------
    plan : StudyPlan
        Of the study.
    given : Decidable
        What the sheets were written of.
    files : sequence of Path
        Sheets that came back: one of the topics and one of the mapping at most, and one of each
        rater. A sheet of the topics, or of the mapping, takes the place of the earlier one.

    Returns
    -------
    StudyPlan
        With the new decisions.
    list of str
        What was decided, in words.

    Raises
    ------
    InputError
        If a sheet is none of these, is of another study, or has a fault.
    """
    of: dict[str, list[Path]] = {}
    for file in files:
        of.setdefault(known_kind(file), []).append(file)
    for kind in (TOPICS, MAPPING):
        if len(of.get(kind, ())) > 1:
            raise InputError(
                f"sheets of the {kind}",
                "must be one",
                f"{len(of[kind])}",
                "Settle it in one sheet.",
            )
    folder = plan.out / REPORT / DECIDED
    refuse_links(plan.out, folder.relative_to(plan.out))
    private_folder(plan.out / REPORT)
    private_folder(folder)
    said = []
    if TOPICS in of:
        decided = read_topic_sheet(of[TOPICS][0], given.fitted)
        counts = pd.Series([e.action for e in decided.edits], dtype=object).value_counts()
        done = ", ".join(f"{n} {action}" for action, n in counts.items()) or "nothing decided"
        said += [f"Topics: {done}.", *_taken_back(_topic_rows(given), _rows_of(decided.edits))]
        path = _keep(write_decisions(folder / "new.json", decided), TOPICS)
        plan = replace(plan, topic_edits=path if decided.edits else None)
    if MAPPING in of:
        edits = read_mapping(of[MAPPING][0], given.proposals, given.study.topics)
        counts = edits.table["decision"].value_counts()
        done = ", ".join(f"{n} {decision}" for decision, n in counts.items()) or "nothing decided"
        said += [f"Mapping: {done}.", *_taken_back(_mapping_rows(given), _pairs_of(edits))]
        path = _keep(write_edits(folder / "new.json", edits), MAPPING)
        plan = replace(plan, mapping_edits=path if len(edits.table) else None)
    if CONVERGENCE in of:
        plan, more = _take_ratings(plan, given, of[CONVERGENCE], folder)
        said += more
    return plan, said


def _rows_of(edits: Sequence[TopicEdit]) -> dict[tuple[str, ...], str]:
    """Each edit, by what it does, and who made it."""
    return {(f"{e.action} of topic {', '.join(map(str, e.topics))}", e.label): e.who for e in edits}


def _pairs_of(edits: MappingEdits) -> dict[tuple[str, ...], str]:
    return {
        (f"{r['decision']} of {r['theme'] or 'no theme'} for topic {r['topic']}",): r["who"]
        for r in edits.table.to_dict("records")
    }


def _topic_rows(given: Decidable) -> dict[tuple[str, ...], str]:
    return _rows_of(placed_topic_edits(given.decided, given.fitted))


def _mapping_rows(given: Decidable) -> dict[tuple[str, ...], str]:
    edits = placed_mapping_edits(given.decided, given.proposals, given.study.topics)
    return {} if edits is None else _pairs_of(edits)


def _taken_back(
    before: Mapping[tuple[str, ...], str], after: Mapping[tuple[str, ...], str]
) -> list[str]:
    """Earlier decisions that a sheet has no more, in words."""
    return [
        f"No longer decided: {' as '.join(filter(None, done))} ({who})."
        for done, who in before.items()
        if done not in after
    ]


def _take_ratings(
    plan: StudyPlan, given: Decidable, files: Sequence[Path], folder: Path
) -> tuple[StudyPlan, list[str]]:
    """Keep the ratings of each rater, in place of their earlier ones."""
    comparison = given.proposed
    if comparison is None:
        do = "Add them first: iapt-topics compare RESULTS --codes FILE."
        raise InputError("convergence ratings", "need human codes to compare with", "none", do)
    new: dict[str, Path] = {}
    said = []
    for file in files:
        table = read_convergence(file, comparison).convergence
        rows = table[table["rater"] != ""]
        raters = list(dict.fromkeys(rows["rater"]))
        if len(raters) != 1 or raters[0] in new:
            raise InputError(
                f"convergence matrix {file.name!r}", "must have the ratings of one person, once",
                " and ".join(raters) or "nobody under 'rater'",
                "Use a sheet for each rater: iapt-topics edits RESULTS --raters NAMES.",
            )  # fmt: skip
        changed = int((rows["rating"] != rows["proposed"]).sum())
        said.append(
            f"Convergence: {raters[0]} rated {len(rows)} themes, {changed} not as proposed."
        )
        cells = table[_RATED].astype(str).to_numpy().tolist()
        write_sheet(folder / "new.csv", _RATED, cells)
        new[raters[0]] = _keep(folder / "new.csv", CONVERGENCE)
    earlier = [p for p in plan.ratings if not set(read_rated(p)["rater"]) & set(new)]
    ratings = (*earlier, *new.values())
    rated = [read_convergence(p, comparison) for p in ratings]
    both, alike = ratings_alike(comparison, rated)
    if both:
        said.append(f"{alike} of the {both} themes that several rated were rated alike.")
    return replace(plan, ratings=ratings), said


def leave_out_responses(files: Iterable[Path], shows: Callable[[str], bool]) -> list[Path]:
    """Take responses that show somebody out of kept decisions.

    Parameters
    ----------
    files : iterable of Path
        Files that may be decisions on topics or on a mapping; others are left alone.
    shows : callable
        Whether an id is of the person.

    Returns
    -------
    list of Path
        Files that were written anew.
    """
    changed = []
    for path in files:
        try:
            content = json.loads(path.read_text("utf-8"))
            topic_of, _ = content["topic_of"], content["edits"]
            kept = {r: t for r, t in topic_of.items() if not shows(r)}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
        if len(kept) < len(topic_of):
            text = json.dumps(content | {"topic_of": kept}, ensure_ascii=False, indent=1)
            write_whole(path, text, private=True)
            changed.append(path)
    return changed


def changed_codes(before: Codes, after: Codes) -> int:
    """Responses that have other codes than before."""
    ids = before.seen["response_id"].tolist()
    one, two = (codes.matrix(ids, before.themes) for codes in (before, after))
    return int((one != two).any(axis=1).sum())


def _keep(part: Path, kind: str) -> Path:
    """Give a file a name that its content decides, so that an earlier one stays."""
    name = f"{kind}_{hash_parts([part.read_bytes()])[:8]}{part.suffix}"
    return part.replace(part.with_name(name)).resolve()
