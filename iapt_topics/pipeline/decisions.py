"""What people decided for a result: no later run drops or replaces it without a word."""

from __future__ import annotations

from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.pipeline.plan import StudyPlan, read_plan

_DECIDED = (
    "frame", "codes", "code_map", "deny", "approved", "tests", "answers", "topic_edits",
    "mapping_edits", "ratings", "learn_codes",
)  # fmt: skip


def changed_decisions(plan: StudyPlan) -> list[str]:
    """A sentence for each decision of the results in a plan's folder that the plan has not."""
    try:
        before = read_plan(plan.out)
    except InputError:  # there are none, or a file that they were made of is gone
        return []
    said = []
    for key in (k for k in KEYS if k.field in _DECIDED):
        had, has = (_named(getattr(p, key.field)) for p in (before, plan))
        if lost := [v for v in had if v not in has]:
            now = ", ".join(has) or "nothing"
            said.append(f"{key} of the earlier results was {', '.join(lost)}; now it is {now}.")
    return said


def _named(value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [str(v.resolve() if isinstance(v, Path) else v) for v in values if v is not None]
