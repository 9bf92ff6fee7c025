"""Whether a file still holds what a respondent wrote, or their ids: by its bytes."""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from iapt_topics.survey.redaction import safe_texts
from iapt_topics.survey.responses import Responses
from iapt_topics.survey.sentences import split_sentences

#: Shorter texts and ids stand in files by chance: a number, or "the pay".
_LEAST_TEXT, _LEAST_ID, _LEAST_NUMBER = 15, 4, 7
_LARGEST = 500_000_000  # bytes of a file that is looked through


@dataclass(frozen=True, eq=False, kw_only=True)  # no slots: what is searched for is made once
class Traces:
    """Ids and texts of respondents, to be looked for.

    Attributes
    ----------
    ids : frozenset of str
        Of respondents and their responses.
    texts : frozenset of str
        Whole responses and their sentences, as written and as redacted, that nobody else wrote.
    """

    ids: frozenset[str]
    texts: frozenset[str]

    def shown_in(self, text: str) -> bool:
        """Whether a text is one of the ids or texts, or has a longer one in it."""
        flat = _flat(text)
        return flat in self.ids or flat in self.texts or any(t in flat for t in self._long)

    def left_in(self, path: Path) -> bool:
        """Whether a file holds one of the longer ids or texts, packed or not."""
        if path.stat().st_size > _LARGEST:
            return False
        return any(self._pattern.search(content) for content in _contents(path))

    @cached_property
    def _long(self) -> tuple[str, ...]:
        return tuple(t for t in self.texts if len(t) >= _LEAST_TEXT)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        texts = {form for t in self._long for form in _forms(t)}
        ids = {
            form
            for i in self.ids
            if len(i) >= (_LEAST_NUMBER if i.isdecimal() else _LEAST_ID)
            for form in _forms(i)
        }
        parts = [re.escape(t) for t in sorted(texts)]
        parts += [rb"(?<![0-9A-Za-z])" + re.escape(i) + rb"(?![0-9A-Za-z])" for i in sorted(ids)]
        return re.compile(b"|".join(parts) or rb"(?!)")


def traces_of(gone: Responses, left: Responses) -> Traces:
    """What to look for of the rows of ``gone``, which nobody in ``left`` said too."""
    others = set(_pieces(left))
    table = gone.table
    ids = {*table["response_id"], *table["respondent_id"]}
    return Traces(ids=frozenset(ids), texts=frozenset(set(_pieces(gone)) - others))


def _pieces(responses: Responses) -> Iterator[str]:
    table = responses.table
    redacted = safe_texts(responses, table["response_id"].tolist())
    for text in (*table["text"], *redacted):
        yield from (p for p in (_flat(text), *map(_flat, split_sentences(text))) if p)


def _flat(text: str) -> str:
    return " ".join(text.split())


def _forms(text: str) -> Iterable[bytes]:
    """A text as it stands in plain files, JSON, web pages and workbooks, sheets and old exports."""
    words = {
        text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1],
        html.escape(text), html.escape(text, quote=False), text.replace('"', '""'),
    }  # fmt: skip
    for form in words:
        yield form.encode("utf-8", "surrogatepass")
        yield form.encode("utf-16-le", "surrogatepass")


def _contents(path: Path) -> Iterator[bytes]:
    """Bytes of a file, and of what is packed in it."""
    content = path.read_bytes()
    yield content
    try:
        if content[:4] == b"PK\x03\x04":
            with zipfile.ZipFile(path) as packed:
                for entry in packed.infolist():
                    if entry.file_size <= _LARGEST:
                        yield packed.read(entry)
        elif content[:4] == b"PAR1":
            table = pd.read_parquet(path, engine="pyarrow")
            yield "\n".join(map(str, table.to_numpy().ravel())).encode("utf-8", "surrogatepass")
    except Exception:  # a damaged file: its bytes have been looked at
        return
