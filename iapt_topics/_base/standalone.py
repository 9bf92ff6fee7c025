"""Pages that load nothing: style and script stand in them, each allowed by its hash alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import Any


def inline(name: str, text: str) -> dict[str, str]:
    """A style or script of this package for a template: ``name``, and ``name_hash`` for the CSP."""
    from markupsafe import Markup

    digest = hashlib.sha256(text.encode()).digest()
    return {name: Markup(text), f"{name}_hash": base64.b64encode(digest).decode("ascii")}


@cache
def page_template(room: str, name: str) -> Any:
    """A template of a room, compiled once; whatever is filled in is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("iapt_topics", room),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
