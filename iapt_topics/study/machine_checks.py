"""What a study's random hand codes say of the machine: tables for the researcher alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.certify import certify_codes
from iapt_topics.agreement.contrasts import error_contrasts

if TYPE_CHECKING:
    from iapt_topics.study.results import Results


def certificate_table(study: Results) -> pd.DataFrame | None:
    """Which themes the machine may code alone; None without hand codes of a random sample."""
    try:
        return certify_codes(study.codes, study.human, study.responses).themes
    except InputError:
        return None


def contrasts_table(study: Results) -> pd.DataFrame | None:
    """What the machine's errors could make of each change of year; None as for the certificate."""
    if not study.human or study.codes.kind == "human":
        return None
    try:
        return error_contrasts(study.codes, study.human, study.responses)
    except InputError:
        return None
