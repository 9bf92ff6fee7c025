"""What the machine may code alone, asked of a whole study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics.agreement.certify import Certificate, certify_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.pipeline.looks import record_look
from iapt_topics.study.study import Study


def certify(
    study: Study,
    human: Codes | None = None,
    *,
    precision: float = 0.8,
    recall: float | None = None,
    confidence: float = 0.9,
    together: bool = False,
    seed: int = 7,
    record: str | Path | None = None,
) -> Certificate:
    """Decide for each theme of a study whether the machine may code it alone.

    Parameters
    ----------
    study : Study
        From :func:`iapt_topics.analyse`, :func:`iapt_topics.run_plan` or
        :func:`iapt_topics.run_study`.
    human : Codes, optional
        One person's codes of a random sample that taught the machine nothing; by default the first
        that the study has. A second person's are taken from the study.
    precision : float, default 0.8
        What the precision of an accepted set must be, 0 to 1.
    recall : float, optional
        What its recall must be; by default recall is reported alone.
    confidence : float, default 0.9
        Of each verdict "automate", 0 to 1.
    together : bool, default False
        Whether the confidence is that of all themes' verdicts together (Bonferroni).
    seed : int, default 7
        Of the draw that evens out sampling rates.
    record : str or Path, optional
        A folder of results, in whose private part each look at these hand codes is written down;
        the certificate then says how many there were.

    Returns
    -------
    Certificate
        A verdict by theme, and the responses that people had best code next; the method is that of
        :func:`iapt_topics.agreement.certify_codes`.

    Raises
    ------
    InputError
        If there are no human codes, none was drawn at random, or the machine learned from sealed
        test codes.
    """
    people = study.human if human is None else (human, *study.human)
    if not people:
        raise InputError(
            "the study", "must have human codes", "none",
            "Give human=, or analyse with codes=: a random sample (codes.next_to_code draws one).",
        )  # fmt: skip
    others = [c for c in people if c.coder != people[0].coder]
    found = certify_codes(
        study.codes, [people[0], *others], study.responses, precision=precision, recall=recall,
        confidence=confidence, together=together, seed=seed,
    )  # fmt: skip
    if record is None:
        return found
    looks = record_look(
        Path(record), study.codes, people[0], precision=precision, recall=recall,
        confidence=confidence, together=together,
    )  # fmt: skip
    return replace(found, looks=looks)
