"""docs/cli.md is made from the commands; ``python tests/cli/test_cli_docs.py`` writes it."""

from __future__ import annotations

from pathlib import Path

import typer

from iapt_topics.cli import app
from iapt_topics.pipeline.plan import KEYS, KINDS, StudyPlan

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD = """# The command line

```sh
iapt-topics init survey.xlsx     # asks about the file and writes study.toml
iapt-topics run study.toml       # report, tables and the plan itself, in the folder results
iapt-topics compare results --codes codes.csv      # people's codes, given later
iapt-topics drift results --baseline 2016          # another year to compare with
iapt-topics export results --tables tables.xlsx --draft draft.docx --figures figures
```

A **folder of results** holds `publish/`, `tables_private/`, `manifest.json`, the `study.toml` that
made it, and `cache/`, where vectors, fitted topics and what each stage measured are kept. Each
command on it changes a part of that plan and carries it out again; only what the change touches is
measured anew, so it is quick, and the folder is always of one plan. Texts that people wrote are in
no file but the report's quotes and what `export --project` and `--approve` write. The cache is as
sensitive as the survey all the same: see the README.

**Ctrl-C** stops a run at any time, within about two seconds. The results that were there are as
they were; vectors and topics that were finished are kept, and the last line says how to go on. New
results take the place of old ones all at once, at the end.

**What is said where.** Results go to stdout, stages and notes to stderr: bars with the time left
on a terminal, plain lines elsewhere. `--quiet` says the results alone; `--json` prints them
as JSON.

`iapt-topics --install-completion` installs completion for your shell.

## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | `verify` found a difference, or `doctor` something missing that a run needs |
| 2 | input that cannot be used, in one line that says what to do; nothing was changed |
| 130 | stopped by Ctrl-C |

## study.toml

Sections and keys; all but the first three may be left out. A path starts from the folder of the
file. What is wrong is said all at once: unknown keys with the known one that is like it, values
of another type or out of range, files that are not there.

"""


def keys() -> list[str]:
    """Rows of the table of keys."""
    rows = ["| key | is | means | without it |", "|---|---|---|---|"]
    defaults = {n: f.default for n, f in StudyPlan.__dataclass_fields__.items()}
    for key in KEYS:
        value = defaults[key.field]
        shown = f"`{str(value).lower() if isinstance(value, bool) else value}`"
        if value is None or value == ():
            shown = ""
        elif key.field in ("file", "text", "year"):
            shown = "must be there"
        rows.append(f"| `{key}` | {KINDS[key.kind].words} | {key.about} | {shown} |")
    return rows


def page() -> str:
    """The page as the code would have it."""
    lines = [HEAD + "\n".join(keys())]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        lines += ["", f"## iapt-topics {name}", "", " ".join(command.help.split()), ""]
        lines += ["| | |", "|---|---|"]
        for param in command.params:
            if param.name == "help":
                continue
            called = ", ".join(f"`{o}`" for o in (*param.opts, *param.secondary_opts))
            if param.param_type_name == "argument":
                called = f"`{param.name.upper()}`" + ("" if param.required else " (optional)")
            must = " Must be given." if param.required and called.startswith("`-") else ""
            lines.append(f"| {called} | {param.help}{must} |")
    return "\n".join(lines) + "\n"


def test_the_page_of_the_command_line_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "run: python tests/cli/test_cli_docs.py"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
