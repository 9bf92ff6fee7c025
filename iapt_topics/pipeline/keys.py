"""The keys of study.toml: where each stands, what its value must be, and what it means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple


class Key(NamedTuple):
    """A key of study.toml: where it stands, the attribute it sets, its kind, and what it means.

    ``before`` is its name in earlier versions, if it had another.
    """

    section: str
    name: str
    field: str
    kind: str
    about: str
    before: str = ""

    def __str__(self) -> str:
        return f"{self.section}.{self.name}"


class Kind(NamedTuple):
    """What a value must be: in words, as a test, and an example of it in TOML."""

    words: str
    fits: Callable[[Any], bool]
    example: str = ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_place(value: object) -> bool:
    """Whether a value names a file or a folder."""
    return isinstance(value, Path) or _is_text(value)


def _is_number(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)


def _is_rule(value: Any) -> bool:
    from iapt_topics.publish.disclosure import PRESETS

    return value in PRESETS if isinstance(value, str) else _is_number(value, int) and value >= 2


#: How responses were chosen to be coded by hand.
SAMPLES = RANDOM, PURPOSIVE = ("random", "purposive")
KINDS = {
    "file": Kind("the path of a file", is_place, '"file"'),
    "files": Kind(
        "a list of paths of files",
        lambda v: isinstance(v, list | tuple) and all(map(is_place, v)),
        '["file"]',
    ),
    "folder": Kind("the path of a folder", is_place, '"folder"'),
    "frame": Kind("the name of a bundled frame or the path of a file", is_place, '"my_frame.xlsx"'),
    "model": Kind(
        "the path of a folder, all-MiniLM-L6-v2 or all-mpnet-base-v2", is_place, '"folder"'
    ),
    "text": Kind("a text", _is_text, '"..."'),
    "texts": Kind(
        "a list of texts",
        lambda v: isinstance(v, list | tuple) and all(map(_is_text, v)),
        '["..."]',
    ),
    "runs": Kind('"bertopic"', lambda v: _is_text(v) and v == "bertopic", '"bertopic"'),
    "names": Kind('"model"', lambda v: _is_text(v) and v == "model", '"model"'),
    "whole": Kind("a whole number", lambda v: _is_number(v, int), "2"),
    "share": Kind("a number from 0 to 1", lambda v: _is_number(v, int, float) and 0 <= v <= 1),
    "flag": Kind("true or false", lambda v: isinstance(v, bool), "true"),
    "sample": Kind(
        "random or purposive", lambda v: isinstance(v, str) and v in SAMPLES, '"random"'
    ),
    "rule": Kind("a whole number of at least 2, or the name of a disclosure rule", _is_rule),
}
KEYS = (
    Key("survey", "file", "file", "file", "the survey: .csv, .tsv, .xlsx, .parquet, .sav or .dta"),
    Key("survey", "text", "text", "texts",
        "column of the free-text response; a list, one for each question"),
    Key("survey", "year", "year", "text", "column of the survey year or wave"),
    Key("survey", "respondent", "respondent", "text",
        "column of the respondent id; with it, the same people are followed over the years"),
    Key("survey", "response", "response", "text", "column of the response id, which joins codes"),
    Key("survey", "question", "question", "text", "column of the question asked"),
    Key("survey", "covariates", "covariates", "texts", "covariate columns, such as role"),
    Key("survey", "weight", "weight", "text", "column of a survey weight"),
    Key("survey", "waves", "waves", "texts", "labels of the waves, in order"),
    Key("survey", "language", "language", "text",
        'exclude responses in other languages, e.g. "en"'),
    Key("survey", "non_answers", "non_answers", "file", "your own rules for non-answers, .toml"),
    Key("survey", "skip_hidden", "skip_hidden", "flag",
        "leave out hidden rows of the workbook"),
    Key("survey", "withdrawn", "withdrawn", "file",
        "list of respondents who withdrew and are left out, as 'iapt-topics withdraw' writes it"),
    Key("survey", "deny", "deny", "file", "terms to redact: a table with columns kind and term"),
    Key("survey", "names", "names", "names",
        "find names in running text, by a language model of this machine and rules"),
    Key("survey", "redact_text", "redact_text", "flag", "analyse the redacted text"),
    Key("survey", "after", "after", "folder",
        "results of the earlier waves, on whose topics this wave is placed"),
    Key("codes", "file", "codes", "file", "human codes: .csv, .xlsx, .qdpx or QualCoder's .qda"),
    Key("codes", "map", "code_map", "file",
        "table of code and theme, where codes are named otherwise"),
    Key("codes", "sample", "codes_sample", "sample",
        "how the coded responses were chosen: random, or purposive (picked for their content)"),
    Key("codes", "documents", "documents", "file",
        "table of document and response_id, where a tool's documents are named otherwise"),
    Key("codes", "unlisted", "unlisted", "text",
        'what a response without a code is: "not_coded" yet, or coded with "none"'),
    Key("frame", "use", "frame", "frame", "a bundled frame's name, or .toml, .csv, .xlsx or .qdc"),
    Key("embedding", "model", "model", "model", "folder of a sentence model"),
    Key("embedding", "second_model", "second_model", "model",
        "folder or name of a second sentence model, joined with the first"),
    Key("embedding", "prompt", "prompt", "text", 'text put before each response, e.g. "query: "'),
    Key("embedding", "theme_prompt", "theme_prompt", "text",
        "text put before each description of a theme"),
    Key("topics", "model", "topic_model", "runs",
        'what the clustering runs are: "bertopic", or by default the library\'s own'),
    Key("topics", "seed", "seed", "whole", "seed of all random numbers"),
    Key("topics", "n_runs", "n_runs", "whole",
        "number of clustering runs in the consensus", before="runs"),
    Key("topics", "n_topics", "n_topics", "whole",
        "number of topics; by default the runs decide", before="number"),
    Key("topics", "min_topic_size", "min_topic_size", "whole",
        "smallest topic, in responses", before="min_size"),
    Key("topics", "min_support", "min_support", "share",
        "least consensus support for a response to have a topic"),
    Key("learn", "share", "learn_share", "share",
        "part of the respondents of codes.file whose codes teach the machine; the others measure"),
    Key("learn", "codes", "learn_codes", "file",
        "further human codes that teach the machine, of respondents who do not measure"),
    Key("decisions", "topics", "topic_edits", "file",
        "what people decided on topics, as 'iapt-topics edits' keeps it"),
    Key("decisions", "mapping", "mapping_edits", "file",
        "what people decided on topics and themes, as 'iapt-topics edits' keeps it"),
    Key("decisions", "convergence", "ratings", "files",
        "sheets of convergence ratings, one for each rater"),
    Key("drift", "baseline", "baseline", "whole", "year to compare with; by default the first"),
    Key("drift", "standardise", "standardise", "texts",
        "columns to adjust for (direct standardisation)"),
    Key("drift", "groups", "groups", "texts",
        "covariates whose groups may have changed unlike each other, e.g. role"),
    Key("drift", "theme_words", "theme_words", "flag",
        "words that became more or less frequent within each theme"),
    Key("validation", "tests", "tests", "files",
        "blind tests that 'iapt-topics validate' drew, with their keys"),
    Key("validation", "answers", "answers", "files", "answers of raters to them"),
    Key("report", "disclosure", "disclosure", "rule",
        'rule of disclosure control, such as "default" or "strict", or fewest respondents',
        before="min_cell"),
    Key("report", "quotes", "quotes", "flag", "print redacted quotes that nobody has approved"),
    Key("report", "approved", "approved", "file", "sheet of approved quotes"),
    Key("report", "out", "out", "folder", "folder for the results"),
)  # fmt: skip
#: Smallest value of a whole number.
LEAST = {"seed": 0, "n_runs": 2, "n_topics": 2, "min_topic_size": 2}
