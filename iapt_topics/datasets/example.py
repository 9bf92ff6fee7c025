"""The bundled SYNTHETIC survey: 1,543 invented responses, 2014 to 2018.

Written for this project from no source. It is not the data of any study.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from iapt_topics.codes.codes import Codes
from iapt_topics.datasets._design import THIRD
from iapt_topics.frame.load import load_frame
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.responses import Responses, load_responses

__all__ = ["example_path", "load_example", "load_truth", "planted_change", "true_sentences"]

_FOLDER = Path(__file__).parent
_LONG_SEED = 2021


def example_path() -> Path:
    """Return the path of the bundled synthetic survey file.

    Returns
    -------
    Path
        A CSV file, which the package carries.

    Examples
    --------
    >>> example_path().name
    'synthetic_survey.csv'
    """
    return _FOLDER / "synthetic_survey.csv"


def mark_example(responses: Responses, source: object) -> Responses:
    """Say of responses read from a source that they are synthetic, if it is the bundled file."""
    bundled = isinstance(source, str | Path) and Path(source).resolve() == example_path().resolve()
    return replace(responses, synthetic=True) if bundled else responses


def load_example(*, coder: str = "coder_a", long_answers: bool = False) -> tuple[Responses, Codes]:
    """Load the synthetic survey, with the codes of one of its three simulated coders.

    Parameters
    ----------
    coder : {"coder_a", "coder_b", "coder_c"}, default "coder_a"
        The simulated coder. The first two coded every response, the third a random part of them.
    long_answers : bool, default False
        Whether to draw a second survey, SYNTHETIC too, of answers of 4 to 8 sentences. It is not
        bundled but made anew, always the same.

    Returns
    -------
    tuple of Responses and Codes
        The responses have ``synthetic=True``.

    Raises
    ------
    InputError
        If there is no such coder.
    """
    tables = _long_tables() if long_answers else None
    responses = load_responses(
        example_path() if tables is None else tables["survey"],
        text="comment",
        year="year",
        respondent="person",
        response="response_id",
        question="question",
        covariates=("role",),
    )
    if tables is None:
        file = "synthetic_third_coder.csv" if coder == THIRD else "synthetic_coders.csv"
        return replace(responses, synthetic=True), _codes(_FOLDER / file, coder)
    responses = replace(responses, synthetic=True, source="synthetic_long_answers")
    return responses, _codes(tables["third_coder" if coder == THIRD else "coders"], coder)


def load_truth() -> Codes:
    """Load the true themes of the synthetic responses, as codes.

    Returns
    -------
    Codes
        Coder ``"truth"``: the union of the themes of the sentences in each response.
    """
    return _codes(_FOLDER / "synthetic_truth.csv", "truth")


def true_sentences(*, long_answers: bool = False) -> pd.DataFrame:
    """Return where each true theme is in the synthetic responses.

    Parameters
    ----------
    long_answers : bool, default False
        Of the second survey, as for :func:`iapt_topics.load_example`.

    Returns
    -------
    pandas.DataFrame
        response_id, theme, tone (``neg``, ``pos``, ``neu``), and start and end of the sentence
        written for the theme in the comment, in characters from 0, end exclusive.

    Examples
    --------
    >>> true_sentences().loc[0, ["response_id", "theme", "tone"]].tolist()
    ['r0001', 'S2', 'neg']
    """
    if long_answers:
        table = _long_tables()["truth"]
    else:
        table = pd.read_csv(_FOLDER / "synthetic_truth.csv", keep_default_na=False)
    table = table[table["theme"] != ""].reset_index(drop=True)
    return table.astype({"start": "int64", "end": "int64"})


def _long_tables() -> dict[str, pd.DataFrame]:
    from iapt_topics.datasets.make_example import make_example

    return make_example(_LONG_SEED, long_answers=True)


def _codes(source: Path | pd.DataFrame, coder: str) -> Codes:
    return load_codes(source, frame=load_frame("iapt_identity_system"), coder=coder)


def planted_change() -> pd.DataFrame:
    """Return the true change of prevalence in the synthetic survey.

    Returns
    -------
    pandas.DataFrame
        theme, change (``rise``, ``fall``, ``stay``, ``non_monotone``) and one column per year,
        ``"2014"`` to ``"2018"``: the true prevalence (0 to 1) among codable responses.

    Examples
    --------
    >>> table = planted_change().set_index("theme")
    >>> table.loc[["S1", "P3"], ["2014", "2018"]].to_numpy().tolist()
    [[0.08, 0.2], [0.16, 0.04]]
    """
    return pd.read_csv(_FOLDER / "synthetic_planted_change.csv")
