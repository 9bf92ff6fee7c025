"""The page as text: an autoescaped template, one style and one script, allowed by their hashes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from iapt_topics._base.standalone import inline, page_template

#: Indents, and lines that are comments: neither file has a text that goes on over a line.
_MARGIN = re.compile(r"^[ \t]*//.*\n|^[ \t]+", re.MULTILINE)


def render(values: Mapping[str, Any]) -> str:
    """Fill the template; the style and the script are files of this package, never a text."""
    folder = files("iapt_topics.report")
    own: dict[str, str] = {}
    styles = ("style.css", "private.css") if values["private"] else ("style.css",)
    for name, parts in (("style", styles), ("script", ("script.js",))):
        text = "".join(folder.joinpath(n).read_text(encoding="utf-8") for n in parts)
        own |= inline(name, _MARGIN.sub("", text))
    return str(page_template("report", "template.html.j2").render(**values, **own))
