"""A task as one offline page, or as a sheet: what a rater sees and answers, and nothing of the key.

The page is one file that loads nothing. Its content security policy allows its own style and script
by their hashes and no connection at all; texts are data in it, which the script puts in as text.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from iapt_topics._base.errors import InputError, listed
from iapt_topics._base.files import write_whole
from iapt_topics._base.sheets import write_sheet
from iapt_topics._base.standalone import inline, page_template
from iapt_topics.validation.answers import ANSWERS, SHEET, choice_text, sheet_text
from iapt_topics.validation.task import MAY_NOTE, MUST_NOTE, NONE, SENTENCE, Task

_KEYS = {
    "none": "Choose an answer for each item.",
    MAY_NOTE: "Choose an answer for each item; you may say why.",
    MUST_NOTE: "Choose an answer for each item, and say why.",
}


def write_task(path: str | Path, task: Task, *, rater: str | None = None) -> Path:
    """Write a task for one rater: an offline page, or a sheet.

    Parameters
    ----------
    path : str or Path
        ``.html`` for the page, ``.xlsx`` (or ``.csv``) for a sheet; a file of that name is
        replaced. It holds redacted texts of responses: send it as you may send these.
    task : Task
        The task.
    rater : str, optional
        Whose items; may be left out where there is one rater.

    Returns
    -------
    Path
        The file, for this account alone. The page keeps what is answered in the browser, and
        exports it as a small file to send back; :func:`read_answers` reads either.

    Raises
    ------
    InputError
        If the rater is not one of the task's, or the ending is another.
    """
    path = Path(path)
    if rater is None and len(task.raters) == 1:
        rater = task.raters[0]
    if rater is None or rater not in task.raters:
        raise InputError(
            "rater", f"must be one of {listed(task.raters, 20)}", repr(rater), "Name one."
        )
    if path.suffix.casefold() in (".html", ".htm"):
        write_whole(path, render_task(task, rater), private=True)
    else:
        _write_rows(path, task, rater)
    return path


def page_content(task: Task, rater: str) -> dict[str, Any]:
    """What the page holds of a task for one rater; no key, no id of a response."""
    own = task.assigned[task.assigned["rater"] == rater].sort_values("turn", kind="stable")
    items = task.items.set_index("item").loc[own["item"]]
    rows = zip(items.index, items["parts"], items["choices"], strict=True)
    return {
        "format": ANSWERS,
        "task": task.fingerprint,
        "kind": task.kind,
        "rater": rater,
        "several": task.several,
        "note": task.note,
        "none": NONE,
        "sentence": SENTENCE,
        "choices": task.choices,
        "items": [[i, parts, choices] for i, parts, choices in rows],
    }


def render_task(task: Task, rater: str) -> str:
    """The page as text."""
    from markupsafe import Markup

    folder = files("iapt_topics.validation")
    own: dict[str, str] = {}
    for name in ("page.css", "page.js"):
        text = folder.joinpath(name).read_text(encoding="utf-8")
        own |= inline(name.partition(".")[2], text)
    content = json.dumps(page_content(task, rater), ensure_ascii=False, separators=(",", ":"))
    # In a script element nothing but "<" can end it or begin another.
    safe = content.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return str(
        page_template("validation", "page.html.j2").render(
            title=task.title,
            kind=task.kind,
            instructions=task.instructions,
            rater=rater,
            n=int((task.assigned["rater"] == rater).sum()),
            content=Markup(safe),
            **own,
        )
    )


def _write_rows(path: Path, task: Task, rater: str) -> None:
    content = page_content(task, rater)
    shared = content["choices"]
    rows = [
        [sheet_text(parts), choice_text(own or shared), item, "", "", rater]
        for item, parts, own in content["items"]
    ]
    lists: dict[str, tuple[str, ...]] = {}
    values = tuple(c[0] for c in shared)
    if values and not task.several and len(",".join(values)) < 250:
        lists = {"answer": values}
    several = " Several are separated by semicolons." if task.several else ""
    write_sheet(
        path, SHEET, rows, wide=("text", "choices", "note"), choices=lists,
        instructions=(
            task.title, *task.instructions,
            f"{_KEYS[task.note]} Write under answer what stands before the colon under choices."
            f"{several} Leave it blank to skip.",
            "rater: your name, in one row at least. Change nothing else, and sort nothing.",
        ),
    )  # fmt: skip
