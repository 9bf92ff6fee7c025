"""Reading a table of codes: cells as text, themes matched to the frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.arrays import Bools, Floats
from iapt_topics._base.cells import cell_text
from iapt_topics._base.errors import InputError, listed, require_unique, suggestion
from iapt_topics._base.findings import Finding
from iapt_topics.codes.codes import PROBABILITY, texts
from iapt_topics.frame.refi import BELOW, MACHINE_PREFIX, MACHINE_TOP
from iapt_topics.qda.project import Project
from iapt_topics.qda.sheets import NO_THEME, not_coded_yet, split_themes, without_words_for_none

if TYPE_CHECKING:
    from iapt_topics.frame.frame import ThemeFrame

_BESIDE_THEMES = (
    "response_id", "respondent_id", "coder", "kind", "year", "question", "text", PROBABILITY,
)  # fmt: skip
_YES = {"1", "1.0", "true", "yes", "y", "x", "\u2713", "\u2714"}
_NO = {"0", "0.0", "false", "no", "n"}
_BLANK = {"", "na", "n/a", "#n/a", "nan", "null", "none", "<na>", "."}


def read_table(raw: pd.DataFrame, what: str) -> pd.DataFrame:
    """A table of text cells, without blank rows."""
    names = [" ".join(cell_text(c).split()) for c in raw.columns]
    require_unique(names, f"{what}: column names", "Rename a column.")
    table = pd.DataFrame(
        {n: texts(raw.iloc[:, i]) for i, n in enumerate(names)},
        # Rows are named as a spreadsheet does: the header is row 1.
        index=np.arange(len(raw)) + 2,
        dtype=object,
    )
    unnamed = [n for n in names if not n or n.startswith("Unnamed: ")]
    table = table.drop(columns=[n for n in unnamed if (table[n] == "").all()])
    table = table[(table != "").any(axis=1)]
    if not len(table):
        raise InputError(what, "must contain at least one row", "none", "Check the file.")
    if "response_id" not in table:
        raise InputError(
            what, "must have a column 'response_id'", f"columns {listed(names, most=20)}",
            f"{suggestion('response_id', names)}Rename the column of response ids to response_id.",
        )  # fmt: skip
    for column in ("response_id", "coder"):
        if column in table:
            blank = table.index[table[column] == ""]
            if len(blank):
                raise InputError(
                    f"{what}: column {column!r}", "must not be blank", f"blank in row(s) "
                    f"{listed(blank)}", "Fill in the cells, or remove the rows.",
                )  # fmt: skip
    return table


def respondents(table: pd.DataFrame, what: str) -> pd.DataFrame:
    """Responses of the table, each with its respondent and, where it has one, its probability."""
    if PROBABILITY in table:
        pairs = respondents(table.drop(columns=PROBABILITY), what)
        return pairs.assign(**{PROBABILITY: _probabilities(table, pairs["response_id"], what)})
    if "respondent_id" not in table:
        return table[["response_id"]].drop_duplicates().assign(respondent_id="")
    pairs = table[["response_id", "respondent_id"]].drop_duplicates()
    twice = pairs.loc[pairs["response_id"].duplicated(), "response_id"].unique()
    if len(twice):
        raise InputError(
            f"{what}: column 'respondent_id'", "must be the same in all rows of a response",
            f"more than one for {listed(twice)}", "Correct the respondent.",
        )  # fmt: skip
    return pairs


def _probabilities(table: pd.DataFrame, ids: pd.Series, what: str) -> Floats:
    """Inclusion probability of each response, NaN where it has none; rows added later may lack it.

    A column without any number tells nothing of how responses were drawn.
    """
    filled = table.loc[table[PROBABILITY] != "", ["response_id", PROBABILITY]]
    numbers = pd.to_numeric(filled[PROBABILITY], errors="coerce").astype(float)
    wrong = filled.loc[~((numbers > 0) & (numbers <= 1)), PROBABILITY]
    found = filled.assign(**{PROBABILITY: numbers}).drop_duplicates()
    twice = found.loc[found["response_id"].duplicated(), "response_id"]
    for got, rule in (
        (wrong, "must be above 0 and at most 1, or blank for a response not drawn at random"),
        (twice, "must be the same in all rows of a response"),
    ):
        if len(got):
            raise InputError(
                f"{what}: column {PROBABILITY!r}", rule, listed(got),
                "Take it as write_sample() wrote it, or remove the column if the sample is random.",
            )  # fmt: skip
    known = found.set_index("response_id")[PROBABILITY]
    return ids.map(known).to_numpy(dtype=float)


def match_names(
    names: Mapping[str, str], frame: ThemeFrame, given: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Theme of each code, and how it was found; without a theme, why there is none.

    ``names`` holds the code's own name by its path; ``given`` the id or label of a theme by path
    or name, "" to leave the code out.
    """
    ids = {t.id: t.id for t in frame.themes}
    folds = Counter(_fold(t.label) for t in frame.codable)
    ways = (
        ("id", ids),
        # A label shared by two themes names neither.
        ("label", {f: t.id for t in frame.codable if folds[f := _fold(t.label)] == 1}),
        ("id", {i.casefold(): i for i in ids}),
        ("id and label", {_fold(f"{t.id} {t.label}"): t.id for t in frame.themes}),
        ("label", {_fold(t.label): t.id for t in frame.themes if not t.codable}),
    )

    def find(name: str) -> tuple[str, str]:
        keys = (name, name.casefold(), _fold(name))
        return next(((w[k], how) for how, w in ways for k in keys if k in w), ("", ""))

    codable = {t.id for t in frame.codable}
    mapped = {k.casefold(): v for k, v in given.items()}
    found = {}
    for path, name in names.items():
        tried = [find(n) for n in dict.fromkeys((path, name, name.removeprefix(MACHINE_PREFIX)))]
        theme, how = next((t for t in tried if t[0]), ("", "not in the frame"))
        chosen = next((mapped[n] for n in (path.casefold(), name.casefold()) if n in mapped), None)
        if chosen is not None:
            theme, how = find(chosen)[0] if chosen else "", "mapping" if chosen else "left out"
            if chosen and not theme:
                how = f"mapped to {chosen!r}, which is not in the frame"
        if theme and theme not in codable:
            theme, how = "", "not codable"
        found[path] = (theme, how)
    return found


def _fold(name: str) -> str:
    """A name whatever its case; no-break spaces and line ends are spaces like others."""
    return " ".join(name.casefold().split())


def require_matched(
    found: Mapping[str, tuple[str, str]], frame: ThemeFrame, what: str
) -> dict[str, str]:
    """Theme id of each code but those left out; InputError naming every one without a theme."""
    unknown = [n for n, (theme, how) in found.items() if not theme and how != "left out"]
    headings = [n for n in unknown if found[n][1] == "not codable"]
    unknown = [n for n in unknown if n not in headings]
    if unknown:
        codable = sorted(t.id for t in frame.codable)
        known = [*codable, *(t.label for t in frame.codable)]
        hint = suggestion(unknown[0], known) if len(unknown) == 1 else ""
        raise InputError(
            f"{what}: themes", f"must be ids or labels of the frame {frame.name!r}",
            listed(unknown, most=1000),
            f"{hint}Rename them, add them to the frame, or map them with code_map= (--code-map).",
        )  # fmt: skip
    if headings:
        raise InputError(
            f"{what}: themes", f"must be codable in the frame {frame.name!r}",
            f"headings or derived themes {listed(headings, most=1000)}",
            "Apply the themes under them, or make them codable in the frame.",
        )  # fmt: skip
    return {name: theme for name, (theme, _) in found.items() if theme}


def project_pairs(
    project: Project, coder: str, frame: ThemeFrame, given: Mapping[str, str]
) -> tuple[tuple[str, ...], pd.DataFrame]:
    """Code set, and the codes applied, of a tool's project."""
    mine = project.segments[project.segments["coder"] == coder]
    book = project.codebook
    names = dict(zip(book["code"], book["name"], strict=True))
    used = dict.fromkeys(mine["code_path"])
    found = match_names(
        {p: names.get(p, p.split(BELOW)[-1]) for p in (*names, *used)}, frame, given
    )
    theme = require_matched({p: found[p] for p in used}, frame, f"codes of {coder!r}")
    if coder in project.themes:
        could = set(project.themes[coder])
    else:  # a machine's codes stand apart from the people's
        apart = {p for p in names if p.startswith(MACHINE_TOP + BELOW)}
        could = apart if coder in project.machines and apart else set(names) - apart
    ids = {found[p][0] for p in could if p in found} | set(theme.values())
    themes = tuple(t.id for t in frame.codable if t.id in ids or not names)
    if not themes:
        raise InputError(
            f"codes of {coder!r}", f"must have a theme of the frame {frame.name!r}",
            listed(could, most=50), "Map them with code_map= (--code-map).",
        )  # fmt: skip
    pairs = mine.assign(theme=mine["code_path"].map(theme).astype(object)).dropna(subset=["theme"])
    return themes, pairs.groupby(["response_id", "theme"], sort=False)["score"].max().reset_index()


def long_pairs(
    table: pd.DataFrame, frame: ThemeFrame, what: str, given: Mapping[str, str]
) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Code set, the codes applied, the rows that were coded, and findings, of a long table."""
    known = [*given, *(t.id for t in frame.themes), *(t.label for t in frame.themes)]
    none = np.array([v == "" for v in table["theme"]], dtype=bool)
    table, in_words = without_words_for_none(table, known)
    found_out: list[Finding] = []
    if "kind" not in table:  # as this library writes it: each row is of a response that was coded
        table, found_out = not_coded_yet(table, none, in_words, what)
    table, several = split_themes(table, known)
    if several:
        done = f"{several} cell(s) hold several themes, parted by ; or |"
        found_out.append(Finding("codes", what, several, done))
    pairs = table[table["theme"] != ""]
    without = set(table.loc[table["theme"] == "", "response_id"])
    both = [r for r in pairs["response_id"].unique() if r in without]
    if both:
        raise InputError(
            f"{what}: column 'theme'", "must be blank only for a response without themes",
            f"both a blank and a theme for {listed(both)}", "Remove one or the other.",
        )  # fmt: skip
    found = require_matched(match_names({n: n for n in pairs["theme"]}, frame, given), frame, what)
    pairs = pairs.assign(theme=pairs["theme"].map(found).astype(object)).dropna(subset=["theme"])
    pairs = pairs.assign(score=_scores(pairs, what))[["response_id", "theme", "score"]]
    pairs = pairs.drop_duplicates(["response_id", "theme"])
    return tuple(t.id for t in frame.codable), pairs, table, found_out


def times_given(table: pd.DataFrame) -> dict[str, int]:
    """How often each theme of a table was given, by its name there."""
    if "theme" in table:
        return dict(Counter(t for t in table["theme"] if t and t.casefold() not in NO_THEME))
    columns = [c for c in table.columns if c not in _BESIDE_THEMES]
    return {c: sum(v.casefold() in _YES for v in table[c]) for c in columns}


def infer_kind(table: pd.DataFrame, what: str) -> str:
    """Who coded: as a column ``kind`` says, else a person."""
    kinds = tuple(dict.fromkeys(table["kind"])) if "kind" in table else ("human",)
    if len(kinds) > 1:
        raise InputError(f"{what}: column 'kind'", "must be the same in all rows of a coder",
                         listed(kinds), "Correct it.")  # fmt: skip
    return str(kinds[0])


def _scores(pairs: pd.DataFrame, what: str) -> pd.Series:
    """Scores beside a column ``kind``, as this library writes them; a lone column is not ours."""
    if not {"kind", "score"} <= set(pairs.columns):
        return pd.Series(np.nan, index=pairs.index)
    scores = pd.to_numeric(pairs["score"], errors="coerce").astype(float)
    bad = pairs.loc[scores.isna() & (pairs["score"] != ""), "score"]
    if len(bad):
        raise InputError(
            f"{what}: column 'score'", "must be numbers or blank", listed(bad), "Correct it."
        )
    return scores


def wide_pairs(
    table: pd.DataFrame, frame: ThemeFrame, what: str, given: Mapping[str, str]
) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame, list[Finding]]:
    """Code set, the codes applied, the rows that were coded, and findings, of a wide table."""
    require_unique(
        table["response_id"], f"{what}: column 'response_id'", "Give each response one row."
    )
    columns = [c for c in table.columns if c not in _BESIDE_THEMES]
    if not columns:
        raise InputError(
            what, "must have a column 'theme' or one column per theme",
            f"columns {listed(table.columns, most=20)}", "Add the themes.",
        )  # fmt: skip
    found = require_matched(match_names({c: c for c in columns}, frame, given), frame, what)
    columns = [c for c in columns if c in found]
    require_unique(found.values(), f"{what}: themes of the columns", "Keep one column per theme.")
    bad: list[str] = []
    marks = table[columns].map(lambda v: v.casefold())
    blank = marks.isin(_BLANK).all(axis=1).to_numpy(dtype=bool)
    zeros = bool(marks.isin(_NO).to_numpy().any())
    table, found_out = not_coded_yet(table, blank, zeros, what)
    torn = marks.isin(_BLANK).to_numpy()[~blank] if zeros else np.zeros((0, 1), dtype=bool)
    if n := int(torn.sum()):
        done = f"{n} blank cell(s) in rows that hold 0 or 1 are taken for 0"
        found_out.append(Finding("codes", what, n, done))
    cells: dict[str, Bools] = {}
    for column in columns:
        values = [v.casefold() for v in table[column]]
        cells[found[column]] = np.array([v in _YES for v in values], dtype=bool)
        wrong = [v for v in values if v not in _YES | _NO | _BLANK]
        if wrong:
            bad.append(f"{listed(dict.fromkeys(wrong))} in column {column!r}")
    if bad:
        raise InputError(
            f"{what}: cells", "must be 0, 1, true, false or blank", "; ".join(bad),
            "Write 1 where a theme was applied and 0 where it was not.",
        )  # fmt: skip
    themes = tuple(t.id for t in frame.codable if t.id in cells)
    rows, at = np.nonzero(np.column_stack([cells[t] for t in themes]))
    ids = table["response_id"].to_numpy(dtype=object)
    pairs = pd.DataFrame({"response_id": ids[rows], "theme": [themes[i] for i in at]}, dtype=object)
    return themes, pairs.assign(score=np.nan), table, found_out
