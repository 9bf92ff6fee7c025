"""Which hand codes teach the machine, and which measure it: never the same respondent's.

A respondent teaches or measures by a hash of their id and the seed. So codes that are added later
move nobody from one part to the other, and what has measured once never teaches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.files import file_hash
from iapt_topics.codes.codes import Codes, attach_respondents, restrict_codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.pipeline.people import read_coders
from iapt_topics.pipeline.plan import StudyPlan
from iapt_topics.survey.responses import Responses, cluster_ids


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Lesson:
    """Hand codes that teach, and the responses that measure.

    Attributes
    ----------
    teacher : Codes
        One person's.
    tested : frozenset of str
        Hand-coded responses that teach nothing, by which the machine is measured.
    made_of : mapping of str to object
        Hashes of the files of codes, and the part of the first that teaches.
    """

    teacher: Codes
    tested: frozenset[str]
    made_of: Mapping[str, object]


def prepare_lesson(
    plan: StudyPlan, frame: ThemeFrame, responses: Responses, human: Sequence[Codes]
) -> Lesson | None:
    """Divide the hand codes of a plan into those that teach and those that measure; None for none.

    Raises
    ------
    InputError
        If there is nothing to measure with, or codes are of fewer themes than the frame has: a
        theme that nobody taught would be lost.
    """
    if not plan.learns:
        return None
    if not human:
        raise InputError(
            "learning from hand codes", "needs others to measure with", "no codes.file",
            "Name one: iapt-topics learn RESULTS --codes FILE takes one file for both.",
        )  # fmt: skip
    own = attach_respondents(human[0], responses)
    people = responses.table.set_index("response_id")
    who = pd.Series(cluster_ids(people.reset_index()), index=people.index)
    teaches = {p: _share_of(str(p), plan.seed) < plan.learn_share for p in who.unique()}
    seen = [i for i in own.seen["response_id"] if i in who.index]
    taught = [i for i in seen if teaches[who[i]]]
    tested = frozenset(seen) - set(taught)
    if not tested:
        raise InputError(
            "learn.share", "must leave hand codes to measure with", "none left",
            "Give a smaller part, such as 0.5, or code more responses.",
        )  # fmt: skip
    parts = [restrict_codes(own, taught)] if taught else []
    if plan.learn_codes is not None:
        held = set(who[list(tested)])
        more = _first_person(plan, frame, responses)
        fresh = [
            i for i in more.seen["response_id"]
            if i in who.index and who[i] not in held and i not in set(taught)
        ]  # fmt: skip
        parts += [restrict_codes(more, fresh)] if fresh else []
    if not parts:
        raise InputError(
            "learn.codes", "must have codes of respondents who do not measure", "none",
            "Give other codes, or learn.share, the part of codes.file that teaches.",
        )  # fmt: skip
    codable = {t.id for t in frame.codable}
    for codes in parts:
        if missing := sorted(codable - set(codes.themes)):
            raise InputError(
                f"the codes of {codes.coder!r}", "must be of every theme of the frame, to teach",
                f"none for {listed(missing)}", "Code by the whole frame.",
            )  # fmt: skip
    files = {"codes": plan.codes, "learn.codes": plan.learn_codes}
    made_of = {name: file_hash(path) for name, path in files.items() if path is not None}
    return Lesson(
        teacher=_joined(parts), tested=tested, made_of=made_of | {"learn.share": plan.learn_share}
    )


def _first_person(plan: StudyPlan, frame: ThemeFrame, responses: Responses) -> Codes:
    """The first person's codes in the file that teaches."""
    assert plan.learn_codes is not None
    every = read_coders(
        plan.learn_codes, frame, responses, plan.code_map, plan.documents, plan.unlisted
    )
    people = [c for c in every if c.kind == "human"]
    if not people:
        raise InputError("learn.codes", "must have a person's codes", "none", "Name another file.")
    return attach_respondents(people[0], responses)


def _joined(parts: Sequence[Codes]) -> Codes:
    first = parts[0]
    return replace(
        first,
        seen=pd.concat([p.seen for p in parts], ignore_index=True),
        table=pd.concat([p.table for p in parts], ignore_index=True),
        picked=frozenset[str]().union(*(p.picked for p in parts)),
        evidence=None,
    )


def _share_of(name: str, seed: int) -> float:
    """A number from 0 to 1 that a name and the seed decide."""
    digest = hashlib.sha256(f"{seed}|{name}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def describe_lesson(lesson: Lesson, gain: pd.DataFrame) -> dict[str, Any]:
    """For the manifest: what taught, what measured, and how much better it made the machine."""
    rows = gain.astype(object).where(gain.notna(), None).to_dict("records")
    return {
        "taught": lesson.made_of,
        "n_taught": len(lesson.teacher.seen),
        "n_tested": len(lesson.tested),
        "gain": rows,
    }


def tables_of_lesson(manifest: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """The private table of what learning gained, if anything was learned."""
    if "learned" not in manifest:
        return {}
    table = pd.DataFrame(manifest["learned"]["gain"])
    numbers = ["before", "after", "gain", "low", "high"]
    return {"learning_gain": table.astype(dict.fromkeys(numbers, float))}
