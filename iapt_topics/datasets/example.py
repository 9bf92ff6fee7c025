"""The bundled SYNTHETIC survey: 1,543 invented responses, 2014 to 2018.

Written for this project from no source. It is not the data of any study.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from iapt_topics.codes.codes import Codes
from iapt_topics.frame.load import load_frame
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.responses import Responses, load_responses

__all__ = ["example_path", "load_example", "load_truth", "planted_change"]

_FOLDER = Path(__file__).parent


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


def load_example(*, coder: str = "coder_a") -> tuple[Responses, Codes]:
    """Load the synthetic survey, with the codes of one of its two simulated coders.

    Parameters
    ----------
    coder : {"coder_a", "coder_b"}, default "coder_a"
        The simulated coder.

    Returns
    -------
    tuple of Responses and Codes
        The responses have ``synthetic=True``.

    Raises
    ------
    InputError
        If there is no such coder.
    """
    responses = load_responses(
        example_path(),
        text="comment",
        year="year",
        respondent="person",
        response="response_id",
        question="question",
        covariates=("role",),
    )
    return replace(responses, synthetic=True), _codes("synthetic_coders.csv", coder)


def load_truth() -> Codes:
    """Load the true themes of the synthetic responses, as codes.

    Returns
    -------
    Codes
        Coder ``"truth"``: the union of the themes of the sentences in each response.
    """
    return _codes("synthetic_truth.csv", "truth")


def _codes(file: str, coder: str) -> Codes:
    return load_codes(_FOLDER / file, frame=load_frame("iapt_identity_system"), coder=coder)


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
