"""A theme as the description of a code, and back: what the codebook format has no field for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iapt_topics.frame.theme import Theme

_LINES = ("id", "status", "include", "exclude", "near", "synonyms", "examples", "source")


def code_name(theme: Theme) -> str:
    """Name of the theme's code: id and label, for tools that sort by name and match by it."""
    return " ".join(f"{theme.id} {theme.label}".split() if theme.label != theme.id else [theme.id])


def described(theme: Theme) -> str:
    """The definition, then a line for every other field that is filled."""
    lines = [theme.definition] if theme.definition else []
    for name in _LINES:
        value = getattr(theme, name)
        text = " | ".join(value) if isinstance(value, tuple) else str(value)
        lines += [f"{name.capitalize()}: {text}"] if text else []
    return "\n".join(lines)


def theme_fields(name: str, description: str) -> dict[str, object]:
    """Fields of the theme whose code bears this name and description."""
    found = {"definition": ""}
    current = "definition"
    for line in description.split("\n"):
        key, colon, rest = line.partition(": ")
        if colon and key.casefold() in _LINES and key.casefold() not in found:
            current = key.casefold()
            found[current] = rest
        else:
            found[current] += f"\n{line}" if found[current] else line
    label = name.removeprefix(f"{found.get('id', '')} ")
    return {"id": name, **found, "label": label}
