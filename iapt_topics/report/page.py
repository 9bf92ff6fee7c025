"""The page as text: an autoescaped template, one style and one script, allowed by their hashes."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

#: Indents, and lines that are comments: neither file has a text that goes on over a line.
_MARGIN = re.compile(r"^[ \t]*//.*\n|^[ \t]+", re.MULTILINE)


def render(values: Mapping[str, Any]) -> str:
    """Fill the template; the style and the script are files of this package, never a text."""
    from markupsafe import Markup

    own: dict[str, str] = {}
    styles = ("style.css", "private.css") if values["private"] else ("style.css",)
    for names in (styles, ("script.js",)):
        name = names[0]
        folder = files("iapt_topics.report")
        text = "".join(folder.joinpath(n).read_text(encoding="utf-8") for n in names)
        text = _MARGIN.sub("", text)
        digest = hashlib.sha256(text.encode()).digest()
        own[name.split(".")[0]] = Markup(text)
        own[f"{name.split('.')[0]}_hash"] = base64.b64encode(digest).decode("ascii")
    return str(_template().render(**values, **own))


@cache
def _template() -> Any:
    """The template, compiled once for both reports of a run."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("iapt_topics", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("template.html.j2")
