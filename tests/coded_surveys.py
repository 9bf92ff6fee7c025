"""Small coded surveys that the tests of several rooms share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from conftest import SUBJECTS

from iapt_topics.codes.codes import Codes
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Theme
from iapt_topics.survey.responses import Responses


def survey(year, given, person=None, seen_person=True):
    """Responses and codes of them; ``given`` is (n, themes) of 0/1."""
    given = np.asarray(given, bool)
    n = len(year)
    ids = [f"r{i:05d}" for i in range(n)]
    people = [f"p{i}" for i in (range(n) if person is None else person)]
    table = pd.DataFrame(
        {
            "response_id": ids,
            "respondent_id": people,
            "year": np.asarray(year, "int64"),
            "question": "",
            "text": [f"answer {i}" for i in range(n)],
            "status": "kept",
        }
    )
    themes = tuple(f"t{k}" for k in range(given.shape[1]))
    row, theme = np.nonzero(given)
    codes = Codes(
        coder="machine",
        kind="machine",
        themes=themes,
        seen=pd.DataFrame({"response_id": ids, "respondent_id": people if seen_person else ""}),
        table=pd.DataFrame(
            {
                "response_id": [ids[i] for i in row],
                "theme": [themes[k] for k in theme],
                "score": np.ones(len(row)),
            }
        ),
    )
    return codes, Responses(table=table, source="table")


def exact(sizes, counts):
    """Years 2021.. with these sizes; counts is (themes, years) of positives."""
    year = np.repeat(2021 + np.arange(len(sizes)), sizes)
    columns = [
        np.concatenate([np.arange(n) < k for n, k in zip(sizes, row, strict=True)])
        for row in counts
    ]
    return year, np.stack(columns, axis=1)


def random_survey(seed=0, n=240, people=None):
    rng = np.random.default_rng(seed)
    year = rng.integers(2021, 2024, n)
    given = rng.random((n, 4)) < [0.1, 0.3, 0.5, 0.05]
    return year, given, rng.integers(0, people, n) if people else None


# Graduate admissions at Berkeley, 1973: department -> men admitted, refused, women admitted,
# refused. Bickel PJ, Hammel EA, O'Connell JW (1975). Science 187:398-404; R's UCBAdmissions.
BERKELEY = {
    "A": (512, 313, 89, 19),
    "B": (353, 207, 17, 8),
    "C": (120, 205, 202, 391),
    "D": (138, 279, 131, 244),
    "E": (53, 138, 94, 299),
    "F": (22, 351, 24, 317),
}


def berkeley():
    """Men as the year 2021, women as 2022, "admitted" as the theme."""
    rows = []
    for department, cells in BERKELEY.items():
        for k, count in enumerate(cells):
            rows += [(2021 + k // 2, k % 2 == 0, department)] * count
    year, given, department = zip(*rows, strict=True)
    codes, responses = survey(year, np.array(given)[:, None])
    return codes, replace(responses, table=responses.table.assign(department=department))


def made(year, given, person=None, **columns):
    codes, responses = survey(year, given, person=person)
    return codes, replace(responses, table=responses.table.assign(**columns))


def make(cells, coder="h", themes=None, ids=None, people=None, order=None, labels=None):
    cells = np.asarray(cells, bool)
    themes = tuple(themes or [f"T{j}" for j in range(cells.shape[1])])
    ids = np.array(ids if ids is not None else [f"r{i:05d}" for i in range(len(cells))])
    people = np.array(people if people is not None else [f"p{i}" for i in range(len(cells))])
    order = np.arange(len(cells)) if order is None else order
    rows, columns = np.nonzero(cells[order])
    return Codes(
        coder=coder,
        kind="human",
        themes=themes,
        seen=pd.DataFrame({"response_id": ids[order], "respondent_id": people[order]}),
        table=pd.DataFrame(
            {
                "response_id": ids[order][rows],
                "theme": [themes[j] for j in columns],
                "score": np.nan,
            }
        ),
        labels=labels or {},
    )


def pair(n=300, k=5, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random((n, k)) < np.linspace(0.1, 0.5, k)
    return x, x ^ (rng.random((n, k)) < noise)


def survey_of(codes, years):
    seen = codes.seen
    table = seen.assign(respondent_id=[f"p{i}" for i in range(len(seen))])
    table = table.assign(year=years, question="", text="call 01632 960123", status="kept")
    return Responses(table=table, source="made up")


# "money" stands for the subject "pay", and "odd" for none, so that the frame alone cannot know it.
FRAME = ThemeFrame(
    name="n",
    themes=tuple(
        Theme(id=s, label=t, definition=t)
        for s, t in zip((*SUBJECTS, "odd"), (*[*SUBJECTS][:-1], "money", "zebra"), strict=True)
    ),
)


def hand_codes(survey, n=60, themes=tuple(t.id for t in FRAME.themes)):
    kept = survey.kept.iloc[:n]
    return Codes(
        coder="Ann",
        kind="human",
        themes=themes,
        seen=kept[["response_id", "respondent_id"]],
        table=pd.DataFrame(
            {"response_id": kept["response_id"], "theme": kept["subject"], "score": np.nan}
        ),
    )
