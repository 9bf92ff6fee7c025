"""Draw the bundled SYNTHETIC survey from hand-written sentence cores.

``python -m iapt_topics.datasets.make_example`` rewrites the CSV files beside this module. Nothing
here comes from a real survey: see ``README.md`` in the same folder.
"""

from __future__ import annotations

import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iapt_topics.datasets import _design as design
from iapt_topics.datasets._wording import join, roughen, vary

FOLDER = Path(__file__).parent
FILES = {
    "survey": "synthetic_survey.csv",
    "truth": "synthetic_truth.csv",
    "coders": "synthetic_coders.csv",
    "third_coder": "synthetic_third_coder.csv",
    "planted_change": "synthetic_planted_change.csv",
}


def _cores() -> tuple[dict[str, list[tuple[str, str, str]]], dict[str, Any]]:
    """Read ``cores.toml``: per theme (tone, role or "", sentence pattern), and the small pieces."""
    tables = tomllib.loads((FOLDER / "cores.toml").read_text(encoding="utf-8"))
    pieces = tables.pop("pieces")
    cores: dict[str, list[tuple[str, str, str]]] = {}
    for theme, tones in tables.items():
        cores[theme] = []
        for tone, sentences in tones.items():
            for sentence in sentences:
                role, text = "", sentence
                if sentence.startswith("@"):
                    role, text = sentence[1:].split(" ", 1)
                cores[theme].append((tone, role, text))
    return cores, pieces


def _theme_order(rng: np.random.Generator) -> list[str]:
    """Shuffle the themes, keeping each block of themes that exclude each other together."""
    blocked = {theme for block in design.BLOCKS for theme in block}
    blocks = [*design.BLOCKS, *((theme,) for theme in design.NEAR if theme not in blocked)]
    return [theme for i in rng.permutation(len(blocks)) for theme in blocks[i]]


def _draw_themes(shares: dict[str, float], k: int, order: list[str], start: float) -> list[str]:
    """Pick ``k`` themes by systematic sampling, so that each has its share as exact chance.

    The themes are laid end to end on a line of length ``k``, each as long as its chance, and the
    points start, start + 1, ... pick those they fall in (Madow 1949). Two neighbours shorter than
    one in sum cannot both be picked.
    """
    lengths = np.array([shares[theme] for theme in order])
    edges = np.cumsum(lengths * k / lengths.sum())
    hits = np.searchsorted(edges, start + np.arange(k), side="right")
    return [order[min(int(hit), len(order) - 1)] for hit in hits]


def _people(rng: np.random.Generator) -> list[tuple[int, int, str]]:
    """Draw (person, year, role) for each row, with some people back from an earlier year."""
    role_of: dict[int, str] = {}
    rows: list[tuple[int, int, str]] = []
    for year, n, n_back in zip(design.YEARS, design.BASE_ROWS, design.RETURNING, strict=True):
        back = rng.choice(len(role_of), size=n_back, replace=False).tolist() if n_back else []
        for person in back:
            if role_of[person] == "trainee" and rng.random() < 0.7:
                role_of[person] = "HIT" if rng.random() < 0.5 else "PWP"
        new = list(range(len(role_of), len(role_of) + n - n_back))
        for person in new:
            role_of[person] = str(rng.choice(design.ROLES, p=design.ROLE_SHARES))
        now = np.array(back + new)
        rows += [(int(p), year, role_of[int(p)]) for p in rng.permutation(now)]
    return rows


def _code(
    truth: dict[str, list[str]], coder: str, rng: np.random.Generator
) -> list[tuple[str, str, str]]:
    """Code every codable response as one simulated coder would."""
    miss, add = design.CODERS.get(coder, design.THIRD_ERRORS)
    rows: list[tuple[str, str, str]] = []
    for response, themes in truth.items():
        given: set[str] = set()
        for theme in themes:
            near = design.NEAR[theme][int(rng.random() < 0.35)]
            if rng.random() >= miss + (0.06 if theme in design.HARD else 0.0):
                given.add(theme)
                if rng.random() < add:
                    given.add(near)
            elif rng.random() < 0.35:  # took it for a near theme instead
                given.add(near)
        rows += [(response, theme, coder) for theme in sorted(given)] or [(response, "", coder)]
    return rows


#: Of a sentence: its tone, its words and its theme ("" if none).
Part = tuple[str, str, str]


def _written(
    parts: list[Part], pieces: dict[str, Any], rng: np.random.Generator
) -> tuple[str, dict[str, tuple[int, int]]]:
    """Join sentences to an answer as people type it; start and end of each theme's sentence."""
    if len(parts) > 2:  # keep what is good and what is bad together
        parts = sorted(parts, key=lambda part: part[0], reverse=bool(rng.random() < 0.5))
    else:
        parts = [parts[int(j)] for j in rng.permutation(len(parts))]
    if not parts:
        neutral = pieces["neutral_sentences"]
        parts = [("neu", neutral[int(rng.integers(len(neutral)))], "")]
    text, spans = join([part[:2] for part in parts], pieces, rng)
    text, spans = roughen(text, spans, rng)
    return text, {theme: at for (_, _, theme), at in zip(parts, spans, strict=True) if theme}


def _add_contacts_and_copies(rows: list[dict[str, Any]], rng: np.random.Generator) -> None:
    """Put details of a person into some answers, and send some twice."""
    coded = [i for i, row in enumerate(rows) if row["themes"]]
    with_contact = rng.choice(coded, size=design.N_CONTACTS, replace=False)
    for i, contact in zip(with_contact.tolist(), design.CONTACTS, strict=True):
        text = rows[i]["comment"].rstrip(".!")
        ends = {t: (a, min(b, len(text) + 1)) for t, (a, b) in rows[i]["spans"].items()}
        rows[i] |= {"comment": f"{text}. {contact}", "spans": ends}
    copies: list[int] = []
    for year in design.YEARS:
        of_year = [i for i in coded if rows[i]["year"] == year]
        copies += rng.choice(of_year, size=design.COPIES_A_YEAR, replace=False).tolist()
    for i in sorted(copies, reverse=True):
        rows.insert(i + 1, {**rows[i], "themes": None})


def _counts(mean: float) -> np.ndarray:
    """Chance of 0, 1, ... themes, moved between one and two until their mean is this."""
    weights = design.COUNTS.copy()
    shift = mean - float(weights @ np.arange(5))
    weights[1] -= shift
    weights[2] += shift
    return weights


def make_example(seed: int = 2020, *, long_answers: bool = False) -> dict[str, pd.DataFrame]:
    """Draw the synthetic survey, its truth and its two simulated coders.

    Parameters
    ----------
    seed : int, default 2020
        Seed of the generator; the bundled files are those of 2020.
    long_answers : bool, default False
        Whether each answer has 4 to 8 sentences: 3 to 6 themes, and 1 or 2 sentences on the survey
        itself. Shares are then about two and a half times the planted ones.

    Returns
    -------
    dict of str to pandas.DataFrame
        ``survey`` (response_id, person, year, role, question, comment; 1,543 rows), ``truth``
        (response_id, theme, tone, and start and end of the theme's sentence in the comment, end
        exclusive), ``coders`` (response_id, theme, coder), ``planted_change`` (as
        :func:`planted_shares`) and ``core_use`` (theme, core, n), which is not bundled.
    """
    rng = np.random.default_rng(seed)
    cores, pieces = _cores()
    planted = design.planted_shares()
    queues = {t: [c[int(i)] for i in rng.permutation(len(c))] for t, c in cores.items()}
    use: dict[tuple[str, str], int] = {(t, c[2]): 0 for t in cores for c in cores[t]}
    used_by: dict[int, set[str]] = defaultdict(set)
    taste: dict[int, tuple[list[str], float]] = {}

    people = _people(rng)
    no_content = rng.choice(len(people), size=design.N_NON_ANSWERS + design.N_BLANK, replace=False)
    blank = set(no_content[: design.N_BLANK].tolist())
    non_answer = set(no_content[design.N_BLANK :].tolist())

    rows: list[dict[str, Any]] = []
    for i, (person, year, role) in enumerate(people):
        row: dict[str, Any] = {"person": person, "year": year, "role": role, "themes": None}
        rows.append(row)
        if i in blank or i in non_answer:
            options = [""] if i in blank else pieces["non_answers"]
            row["comment"] = options[int(rng.integers(len(options)))]
            continue
        shares = dict(zip(planted["theme"], planted[str(year)].astype(float), strict=True))
        if person not in taste or rng.random() > design.SAME_THEMES_AGAIN:
            taste[person] = (_theme_order(rng), float(rng.random()))
        weights = design.LONG_COUNTS if long_answers else _counts(sum(shares.values()))
        n_themes = int(rng.choice(len(weights), p=weights))
        themes = _draw_themes(shares, n_themes, *taste[person])
        parts: list[Part] = []
        tones: dict[str, str] = {}
        for theme in themes:
            queue = queues[theme]
            fits = [c for c in queue if c[1] in ("", role) and c[2] not in used_by[person]]
            tone, _, pattern = core = fits[0]
            queue.remove(core)
            queue.append(core)
            use[theme, pattern] += 1
            used_by[person].add(pattern)
            tones[theme] = tone
            parts.append((tone, vary(pattern, pieces["swaps"], rng), theme))
        if long_answers:
            neutral = rng.permutation(pieces["neutral_sentences"])[: int(rng.integers(1, 3))]
            parts += [("neu", str(sentence), "") for sentence in neutral]
        text, spans = _written(parts, pieces, rng)
        row |= {"themes": sorted(themes), "tones": tones, "comment": text, "spans": spans}

    _add_contacts_and_copies(rows, rng)
    use_rows = [(theme, core, n) for (theme, core), n in use.items()]
    return _as_tables(rows, rng) | {
        "planted_change": planted,
        "core_use": pd.DataFrame(use_rows, columns=["theme", "core", "n"]),
    }


def _as_tables(rows: list[dict[str, Any]], rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """The survey, its truth and its coders, of the responses drawn."""
    names = rng.permutation(len({row["person"] for row in rows})) + 1
    truth: dict[str, list[str]] = {}
    of_sentence: dict[tuple[str, str], tuple[Any, ...]] = {}
    for i, row in enumerate(rows):
        row["response_id"] = f"r{i + 1:04d}"
        row["question"] = design.QUESTION
        row["person"] = f"p{names[row['person']]:04d}"
        if row["themes"] is not None:
            truth[row["response_id"]] = row["themes"]
            for theme in row["themes"]:
                place = row["spans"][theme]
                of_sentence[row["response_id"], theme] = row["tones"][theme], *place
    columns = ["response_id", "person", "year", "role", "question", "comment"]
    truth_rows = [
        (r, theme, *of_sentence.get((r, theme), ("", pd.NA, pd.NA)))
        for r, themes in truth.items()
        for theme in themes or [""]
    ]
    coder_rows = [row for coder in design.CODERS for row in _code(truth, coder, rng)]
    part = rng.permutation(sorted(truth))[: round(design.THIRD_PART * len(truth))]
    third = _code({r: truth[r] for r in sorted(part.tolist())}, design.THIRD, rng)
    columns_of_coders = ["response_id", "theme", "coder"]
    return {
        "survey": pd.DataFrame(rows)[columns],
        "truth": pd.DataFrame(
            truth_rows, columns=["response_id", "theme", "tone", "start", "end"]
        ).astype({"start": "Int64", "end": "Int64"}),
        "coders": pd.DataFrame(coder_rows, columns=columns_of_coders),
        "third_coder": pd.DataFrame(third, columns=columns_of_coders),
    }


def write_example(folder: str | Path = FOLDER, *, seed: int = 2020) -> tuple[Path, ...]:
    """Write the CSV files of :func:`make_example` into ``folder`` and return their paths."""
    tables = make_example(seed)
    paths = []
    for name, file_name in FILES.items():
        path = Path(folder) / file_name
        tables[name].to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
        paths.append(path)
    return tuple(paths)


if __name__ == "__main__":
    write_example()
