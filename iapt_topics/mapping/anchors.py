"""The texts of a codebook that stand for its themes, and the levels that themes compete on."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import NamedTuple

from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme

_BELONGS = re.compile(r"([^;.()]+)\(([^()]+)\)")
_PART = re.compile(r"[,;:]\s+|\.\s+|\s+(?:and|or)\s+")


class Anchor(NamedTuple):
    """A text that stands for a theme, and the field of the frame it comes from."""

    theme: str
    text: str
    kind: str


def theme_anchors(frame: ThemeFrame) -> list[Anchor]:
    """Every text that stands for a codable theme, in the order of the frame, each once.

    These are its label; label and definition; each part of the definition and of what it includes,
    led by the label; each synonym; each example; the same for themes below it that are not codable
    themselves; and what another theme excludes with the theme's id in brackets, as in "hopes for
    promotion (S8)".
    """
    below: dict[str, list[Theme]] = {}
    for theme in frame.themes:
        if not theme.codable:
            below.setdefault(theme.parent, []).append(theme)

    def described(theme: Theme) -> Iterator[tuple[str, str]]:
        yield "label", theme.label
        for kind, text in (("definition", theme.definition), ("include", theme.include)):
            if text:
                yield kind, f"{theme.label}. {text}"
                parts = [p for part in _PART.split(text) if (p := part.strip(" ."))]
                if len(parts) > 1:
                    yield from ((kind, f"{theme.label}: {part}") for part in parts)
        yield from (("synonym", s) for s in theme.synonyms)
        yield from (("example", e) for e in theme.examples)
        for child in below.get(theme.id, ()):
            yield from described(child)

    elsewhere: dict[str, list[str]] = {theme.id: [] for theme in frame.codable}
    for theme in frame.codable:
        for text, ids in _BELONGS.findall(theme.exclude):
            for belongs in ids.split(", "):
                elsewhere.get(belongs, []).append(text.strip())

    anchors = []
    for theme in frame.codable:
        kinds: dict[str, str] = {}
        for kind, text in [*described(theme), *(("exclude", e) for e in elsewhere[theme.id])]:
            kinds.setdefault(text, kind)
        anchors += [Anchor(theme.id, text, kind) for text, kind in kinds.items()]
    return anchors


def codable_above(frame: ThemeFrame) -> dict[str, tuple[str, ...]]:
    """Ids of the codable themes above each codable one, the nearest first."""
    found: dict[str, tuple[str, ...]] = {}
    for theme in frame.codable:
        above: list[str] = []
        at = theme
        while at.parent:
            at = frame[at.parent]
            if at.codable:
                above.append(at.id)
        found[theme.id] = tuple(above)
    return found


def split_levels(frame: ThemeFrame) -> list[ThemeFrame]:
    """Cut a codebook into levels, so that no theme competes with one above or below it.

    The first is the codebook of one level: its themes, each described by all that is below it too.
    A theme with nothing codable below it competes on each deeper level as well.
    """
    above = codable_above(frame)
    heads = {i for ids in above.values() for i in ids}
    if not heads:
        return [frame]
    deepest = max(map(len, above.values()))
    return [
        _with_codable(
            frame, {i for i, a in above.items() if len(a) == d or (len(a) < d and i not in heads)}
        )
        for d in range(deepest + 1)
    ]


def unfold(frame: ThemeFrame) -> tuple[ThemeFrame, list[str]]:
    """Let themes that describe a codable one stand in its place; and whose each then is."""
    whose: dict[str, str] = {}
    for theme in frame.themes:
        at = theme
        while not at.codable and at.parent:
            at = frame[at.parent]
        if at.codable:
            whose[theme.id] = at.id
    described = {codable for theme, codable in whose.items() if theme != codable}
    whose = {theme: of for theme, of in whose.items() if theme not in described}
    return _with_codable(frame, whose), [whose[t.id] for t in frame.themes if t.id in whose]


def _with_codable(frame: ThemeFrame, ids: Container[str]) -> ThemeFrame:
    return replace(frame, themes=tuple(replace(t, codable=t.id in ids) for t in frame.themes))
