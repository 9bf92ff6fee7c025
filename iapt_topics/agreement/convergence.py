"""What goes into a coding meeting and comes back: disagreements to read, ratings to confirm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iapt_topics._base.errors import InputError, listed, require_columns, require_unique
from iapt_topics._base.sheets import read_sheet, write_sheet
from iapt_topics.agreement.comparison import Comparison, common_responses
from iapt_topics.codes.codes import Codes, attach_respondents, spread
from iapt_topics.survey.redaction import safe_texts

if TYPE_CHECKING:
    from iapt_topics.survey.responses import Responses

RATINGS = ("agreement", "partial agreement", "dissonance", "silence", "not estimable")
_EDITED = ("rating", "rater", "rationale")


def disagreements(
    human: Codes, machine: Codes, *, responses: Responses | None = None, most: int = 10
) -> pd.DataFrame:
    """List the responses on which two coders disagree, by theme and direction.

    Parameters
    ----------
    human, machine : Codes
        As for :func:`iapt_topics.compare_codes`.
    responses : Responses, optional
        The survey, to read the texts beside the codes.
    most : int
        Responses of each theme and way, at least 1.

    Returns
    -------
    pandas.DataFrame
        Key (``theme``, ``given_by``, ``response_id``), in the order of the themes, the reference
        first, then by ``rank``; ``label``; ``score``, ``n`` (all such responses), ``others`` (the
        themes that the other coder applied instead); with ``responses`` also ``year`` and ``text``,
        its patterned identifiers replaced (``redact``). The machine's highest score first: where it
        alone applied the theme, its score for that; where it did not, its highest score for
        another, which is then what ``score`` holds (NaN for people).

    Raises
    ------
    InputError
        As for :func:`iapt_topics.compare_codes`, or if ``most`` is below 1.
    """
    if most < 1:
        raise InputError("most", "must be at least 1", str(most), "Use e.g. 10.")
    if responses is not None:
        human, machine = (attach_respondents(c, responses) for c in (human, machine))
    ids, _, _ = common_responses(human, machine)
    themes = tuple(dict.fromkeys([*human.themes, *machine.themes]))
    (x, _), (y, scores) = (spread(codes, ids, themes) for codes in (human, machine))
    highest = np.fmax.reduce(scores, axis=1, initial=np.nan)
    rows = []
    for j, theme in enumerate(themes):
        if theme not in human.themes or theme not in machine.themes:
            continue
        label = human.labels.get(theme) or machine.labels.get(theme) or theme
        for coder, apart, score, instead in (
            (human.coder, x[:, j] & ~y[:, j], highest, y),
            (machine.coder, y[:, j] & ~x[:, j], scores[:, j], x),
        ):
            places = np.flatnonzero(apart)
            sure = np.nan_to_num(score[places], nan=-np.inf)
            for rank, i in enumerate(places[np.argsort(-sure, kind="stable")][:most], start=1):
                others = ", ".join(t for t, g in zip(themes, instead[i], strict=True) if g)
                row = (theme, label, coder, rank, ids[i], float(score[i]), others, len(places))
                rows.append(row)
    columns = ["theme", "label", "given_by", "rank", "response_id", "score", "others", "n"]
    table = pd.DataFrame(rows, columns=columns)
    if responses is None:
        return table
    ids = table["response_id"].tolist()
    year = responses.table.set_index("response_id")["year"].loc[ids].to_numpy()
    return table.assign(year=year, text=safe_texts(responses, ids))


def write_convergence(path: str | Path, comparison: Comparison) -> Path:
    """Write the convergence coding matrix to a spreadsheet, for a named person to rate.

    Parameters
    ----------
    path : str or Path
        A ``.csv`` or ``.xlsx`` file; one of that name is replaced.
    comparison : Comparison
        From ``compare_codes``.

    Returns
    -------
    Path
        The file. In each row that was looked at, the person writes their name under ``rater``; to
        change a rating, also the new one under ``rating`` and the reason under ``rationale``.
        Nothing else is read back.

    Raises
    ------
    InputError
        If the file is of another kind.
    """
    table = comparison.convergence
    rows = [[_shown(v) for v in row] for row in table.itertuples(index=False, name=None)]
    write_sheet(Path(path), list(table.columns), rows, wide=("label", "rationale", "note"))
    return Path(path)


def read_matrix(path: Path) -> pd.DataFrame:
    """The rows of an edited matrix, as text; what is in them is not checked."""
    what = _named(path)
    sheet = read_sheet(path, what)
    require_columns(sheet, ("theme", "proposed", *_EDITED), what)
    sheet = sheet.map(str.strip)
    return sheet[(sheet != "").any(axis=1)]


def _named(path: Path) -> str:
    return f"convergence matrix {path.name!r}"


def read_convergence(path: str | Path, comparison: Comparison) -> Comparison:
    """Read a convergence coding matrix with the ratings that a person confirmed or changed.

    Parameters
    ----------
    path : str or Path
        File written by :func:`write_convergence` and edited.
    comparison : Comparison
        The comparison that it was written from.

    Returns
    -------
    Comparison
        With ``rating``, ``rater`` and ``rationale`` of the file in ``convergence``; ``proposed``
        stays, so that every change can be seen with its reason.

    Raises
    ------
    InputError
        If a column or a theme is missing, a theme is unknown or repeated, a rating is not one of
        those known, a changed rating has no rater or no rationale, a rationale no rater, or the
        file was written from another comparison.
    """
    what, sheet = _named(Path(path)), read_matrix(Path(path))
    table = comparison.convergence
    require_unique(sheet["theme"], f"{what}: column 'theme'", "Keep one row for each theme.")
    got, wanted = set(sheet["theme"]), set(table["theme"])
    if got != wanted:
        raise InputError(
            f"{what}: column 'theme'", "must contain every theme of the comparison and no other",
            f"{listed(sorted(wanted - got))} missing and {listed(sorted(got - wanted))} unknown",
            "Write the matrix again.",
        )  # fmt: skip
    edited = sheet.set_index("theme").loc[table["theme"]]
    edited["rating"] = edited["rating"].str.casefold()
    changed = edited["rating"] != edited["proposed"]
    faults = {
        f"must be one of {listed(RATINGS)} under 'rating'": ~edited["rating"].isin(RATINGS),
        "must be as proposed by this comparison under 'proposed'": edited["proposed"].to_numpy()
        != table["proposed"].to_numpy(),
        "must name a rater where something was changed": (edited["rater"] == "")
        & (changed | (edited["rationale"] != "")),
        "must give a rationale where the rating was changed": changed & (edited["rationale"] == ""),
    }
    for rule, wrong in faults.items():
        if np.any(wrong):
            themes = list(edited.index[np.asarray(wrong, dtype=bool)])
            do = "Correct these rows, or write the matrix again."
            raise InputError(what, rule, f"theme(s) {listed(themes)} that do not", do)
    columns = {name: edited[name].to_numpy(dtype=object) for name in _EDITED}
    return replace(comparison, convergence=table.assign(**columns))


def _shown(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.3f}"
    return str(value)
