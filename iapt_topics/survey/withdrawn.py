"""Respondents who withdrew, as keyed hashes: their rows are left out, and no id is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from iapt_topics._base.arrays import Bools
from iapt_topics._base.errors import InputError, require_file
from iapt_topics._base.files import write_whole
from iapt_topics._base.private import refuse_link
from iapt_topics.survey.who import fold_id

_FORMAT = "iapt_topics withdrawn 1"
_LARGEST = 50_000_000  # bytes of a list; half a million respondents have fewer
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """Respondents whose rows are left out.

    Attributes
    ----------
    key : bytes
        What their ids are hashed with; another in each list, so that no two can be joined.
    hashes : frozenset of str
        HMAC-SHA-256 of the id of each. Whoever has the list, with its key, and a list of ids can
        find out who is on it: it is for its owner alone.
    """

    key: bytes = field(default_factory=lambda: secrets.token_bytes(_KEY_BYTES), repr=False)
    hashes: frozenset[str] = frozenset()

    def has(self, respondent: str) -> bool:
        """Whether a respondent withdrew; spellings that a survey takes for one are one here."""
        return self._hash(respondent) in self.hashes

    def joined_by(self, respondents: Iterable[str]) -> Withdrawn:
        """The list with further respondents."""
        return replace(self, hashes=self.hashes | {self._hash(who) for who in respondents})

    def _hash(self, respondent: str) -> str:
        # As the ids of a survey are folded, of which each file may have another spelling.
        folded = fold_id(respondent).encode("utf-8", "surrogatepass")
        return hmac.new(self.key, folded, hashlib.sha256).hexdigest()


def who_stays(respondents: Sequence[str], withdrawn: Withdrawn, what: str) -> Bools:
    """Which rows of a file are of respondents who did not withdraw.

    Parameters
    ----------
    respondents : sequence of str
        Of each row.
    withdrawn : Withdrawn
        Who is left out.
    what : str
        The file, in words.

    Raises
    ------
    InputError
        If nobody is left.
    """
    stays = np.array([not withdrawn.has(who) for who in respondents], dtype=bool)
    if not stays.any():
        do = "Delete the results; there is nothing to analyse."
        raise InputError(what, "must hold rows of respondents who did not withdraw", "none", do)
    return stays


def read_withdrawn(path: str | Path) -> Withdrawn:
    """Read the list of respondents who withdrew.

    Parameters
    ----------
    path : str or Path
        What ``iapt-topics withdraw`` wrote, ``withdrawn.json`` in its folder of results.

    Raises
    ------
    InputError
        If it is no such list. It is never taken for an empty one.
    """
    path = Path(path)
    refuse_link(path)
    require_file(path, "list of withdrawn respondents", _LARGEST)
    try:
        content = json.loads(path.read_text("utf-8"))
        key, hashes = bytes.fromhex(content["key"]), content["respondents"]
        right = content["format"] == _FORMAT and len(key) == _KEY_BYTES
        whole = right and all(len(bytes.fromhex(h)) == 32 for h in hashes)
    except (ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise InputError(
            f"list {path.name!r}", "must be a list that 'iapt-topics withdraw' wrote",
            "something else", "Restore it: without it those who withdrew would be counted again.",
        )  # fmt: skip
    return Withdrawn(key=key, hashes=frozenset(hashes))


def write_withdrawn(path: str | Path, withdrawn: Withdrawn) -> Path:
    """Write the list, for its owner alone.

    Parameters
    ----------
    path : str or Path
        A ``.json`` file; one of that name is replaced.
    withdrawn : Withdrawn
        The list.
    """
    content = {
        "format": _FORMAT,
        "key": withdrawn.key.hex(),
        "respondents": sorted(withdrawn.hashes),
    }
    write_whole(Path(path), json.dumps(content, indent=1) + "\n", private=True)
    return Path(path)
