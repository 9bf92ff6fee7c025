"""What a folder keeps of earlier public versions: their record, and the secret of their noise."""

from __future__ import annotations

import json
import secrets
import warnings
from datetime import UTC, datetime
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import write_whole
from iapt_topics._base.private import refuse_link
from iapt_topics.publish.disclosure import Disclosure
from iapt_topics.publish.published import Published
from iapt_topics.publish.record import (
    compare_publications,
    describe_publication,
    same_publication,
)
from iapt_topics.study.study import Study

RECORD, SECRET = "publications.json", "noise_secret"
_LARGEST = 5_000_000  # bytes of a record
#: Earlier versions that a warning names, the last first.
_MOST_WARNED = 3


def note_publication(folder: Path, study: Study, published: Published) -> None:
    """Add a public version to the record, and warn of what can be set against it."""
    path = folder / RECORD
    earlier = _read(path)
    day = datetime.now(UTC).date().isoformat()
    now = describe_publication(study, published, day)
    for sentence in compare_publications(earlier[::-1], now)[:_MOST_WARNED]:
        warnings.warn(
            f"{sentence} If it never left this machine, delete {path.name}.", stacklevel=3
        )
    kept = [then for then in earlier if not same_publication(then, now)]
    write_whole(path, json.dumps([*kept, now], indent=1), private=True)


def _read(path: Path) -> list[dict[str, object]]:
    refuse_link(path)
    if not path.exists():
        return []
    what, rule = f"{path.name!r}", "must be a record that a run wrote"
    do = "Restore it, or delete it if no public version was passed on."
    if path.stat().st_size > _LARGEST:
        raise InputError(what, rule, "a file that is too large", do)
    try:
        found = json.loads(path.read_text("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise InputError(what, rule, "something else", do) from None
    names = {"day", "rule", "years", "codes", "tables"}
    if not isinstance(found, list) or not all(
        isinstance(one, dict) and names <= set(one) for one in found
    ):
        raise InputError(what, rule, "something else", do)
    return found


def noise_secret(folder: Path, rule: Disclosure) -> bytes | None:
    """The secret of a folder's noise, made if need be; None for a rule without noise."""
    if not rule.noise:
        return None
    path = folder / SECRET
    refuse_link(path)
    if not path.exists():
        write_whole(path, secrets.token_bytes(32), private=True)
    return path.read_bytes()
