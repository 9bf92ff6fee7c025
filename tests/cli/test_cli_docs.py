"""docs/cli.md is made from the commands; ``python tests/cli/test_cli_docs.py`` writes it."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from iapt_topics.cli import app
from iapt_topics.pipeline.keys import KEYS, KINDS
from iapt_topics.pipeline.plan import StudyPlan

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HEAD = """# The command line

```sh
iapt-topics init survey.xlsx     # asks about the file and writes study.toml
iapt-topics run study.toml       # report, tables and the plan itself, in the folder results
iapt-topics compare results --codes codes.csv      # human codes, added later
iapt-topics drift results --baseline 2016          # another year to compare with
iapt-topics validate results --raters "Ann, Ben"   # people test the topics, on offline pages
iapt-topics sample results --raters Ann            # people code a random sample, on offline pages
iapt-topics edits results                          # sheets in which people correct them
iapt-topics learn results                          # the machine learns from half of the human codes
iapt-topics wave results survey_2019.csv           # next year's survey on the same topics
iapt-topics history results                        # what was run, and what differed
iapt-topics export results --tables tables.xlsx --draft draft.docx --figures figures
```

A **results folder** holds `publish/`, `private/`, `tables_private/`, `manifest.json`, its
`study.toml`, and `cache/` with vectors, fitted topics and the results of each stage. A command
on it changes part of the plan and runs it again. Only the stages that the change affects are
repeated, so it is quick, and the folder always belongs to one plan. Responses are in no file
but the reports' quotes, what `export --project` and `--approve` write, and, redacted, the pages and
keys of `validate` and `sample`. What people decided is kept in `private/`; `history.jsonl` has a
line for each run. The cache is nevertheless as sensitive as the survey: see [privacy](privacy.md).

**Ctrl-C** stops a run within about two seconds. Earlier results are unchanged, finished vectors and
topics are kept, and the last line says how to resume. New results replace old ones all at once, at
the end.

**Output.** Results go to stdout, stages and notes to stderr: progress bars on a terminal, plain
lines elsewhere. `--quiet` prints the results only; `--json` prints them as JSON. Printed figures
are exact; the report follows disclosure control, so its figures can differ.

`iapt-topics --install-completion` installs completion for your shell.

## Exit codes

| code | means |
|---|---|
| 0 | done |
| 1 | `verify` found a difference, or `doctor` found something missing |
| 2 | invalid input: one line says what to do, and nothing was changed |
| 130 | stopped by Ctrl-C |

## study.toml

Sections and keys. The first three are required, and so is a codebook (`frame.use`) or human codes
(`codes.file`), whose labels are then the themes. Paths are relative to the folder of the file.
All faults are listed at once: unknown keys (with a similar known one), values of the wrong type or
out of range, and missing files.

"""


def keys() -> list[str]:
    """Rows of the table of keys."""
    rows = ["| key | type | meaning | default |", "|---|---|---|---|"]
    defaults = {n: f.default for n, f in StudyPlan.__dataclass_fields__.items()}
    for key in KEYS:
        value = defaults[key.field]
        shown = f"`{str(value).lower() if isinstance(value, bool) else value}`"
        if value is None or value == ():
            shown = ""
        elif key.field in ("file", "text", "year"):
            shown = "required"
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
            must = " Required." if param.required and called.startswith("`-") else ""
            lines.append(f"| {called} | {param.help}{must} |")
        lines += ["", command.epilog.replace("Example: ", "Example: `", 1) + "`"]
    return "\n".join(lines) + "\n"


def test_each_command_has_an_example_that_it_takes():
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, command in commands.items():
        first, *words = shlex.split(command.epilog.removeprefix("Example: "))
        assert (first, words[0]) == ("iapt-topics", name)
        command.make_context(name, words[1:])


def test_the_page_of_the_command_line_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(), "run: python tests/cli/test_cli_docs.py"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
