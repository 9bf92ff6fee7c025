"""What is planted in the SYNTHETIC survey: years, numbers of people, shares, coders' errors."""

from __future__ import annotations

import numpy as np
import pandas as pd

YEARS = (2014, 2015, 2016, 2017, 2018)
QUESTION = (
    "In your own words, what is it like to work in your service, and what helps or harms "
    "your wellbeing at work?"
)
# Rows of each year before the copies are added, and how many of them answered in an earlier year.
BASE_ROWS = (266, 329, 350, 295, 293)
RETURNING = (0, 75, 105, 98, 105)
COPIES_A_YEAR = 2
N_NON_ANSWERS, N_BLANK, N_CONTACTS = 71, 6, 8
ROLES = ("PWP", "HIT", "counsellor", "trainee", "other")
ROLE_SHARES = (0.38, 0.30, 0.12, 0.13, 0.07)
SAME_THEMES_AGAIN = 0.4  # chance that a returning person is drawn to the same themes as before
COUNTS = np.array([0.02, 0.50, 0.32, 0.12, 0.04])  # share of responses with 0, 1, 2, 3, 4 themes
# The same of a survey of long answers, which a sentence or two on the survey itself lengthen.
LONG_COUNTS = np.array([0, 0, 0, 0.25, 0.4, 0.25, 0.1])

FLAT = {
    "I1": 0.040, "I2": 0.040, "I3": 0.055, "I4": 0.040, "I5": 0.040, "S2": 0.110, "S3": 0.050,
    "S4": 0.045, "S5": 0.050, "S6": 0.040, "S8": 0.045, "S9": 0.035, "X1": 0.035, "X2": 0.055,
    "B0": 0.030, "P1": 0.050, "P2": 0.035, "P4": 0.040, "P5": 0.035, "P6": 0.040, "W2": 0.040,
    "W3": 0.035, "W5": 0.035, "T1": 0.040,
}  # fmt: skip
MOVING = {
    "S1": ("rise", (0.08, 0.10, 0.13, 0.17, 0.20)),
    "W4": ("rise", (0.05, 0.08, 0.10, 0.14, 0.17)),
    "P3": ("fall", (0.16, 0.13, 0.10, 0.07, 0.04)),
    "P7": ("fall", (0.14, 0.11, 0.08, 0.05, 0.03)),
    "W1": ("non_monotone", (0.07, 0.10, 0.18, 0.11, 0.07)),
    "S7": ("non_monotone", (0.10, 0.06, 0.03, 0.06, 0.10)),
}
# Neighbours in the same block can never meet in one response (see ``_draw_themes``).
BLOCKS = (("X1", "X2"), ("W1", "W2"), ("P4", "S5"), ("P5", "S8"), ("P7", "S3"))
# Themes a coder confuses a theme with, and themes that coders find hard to see.
NEAR = {
    "I1": ("I2", "X2"), "I2": ("I1", "S3"), "I3": ("S3", "P6"), "I4": ("P2", "W1"),
    "I5": ("S8", "S5"), "S1": ("S2", "X2"), "S2": ("S1", "S7"), "S3": ("I2", "S1"),
    "S4": ("S9", "S6"), "S5": ("I5", "S1"), "S6": ("S2", "S4"), "S7": ("S2", "S3"),
    "S8": ("I5", "S4"), "S9": ("S4", "S6"), "X1": ("W2", "I1"), "X2": ("S1", "I1"),
    "B0": ("S9", "S2"), "P1": ("P4", "P3"), "P2": ("I4", "P7"), "P3": ("P4", "W2"),
    "P4": ("P3", "P7"), "P5": ("S8", "P1"), "P6": ("W2", "I3"), "P7": ("P2", "P4"),
    "W1": ("W3", "W5"), "W2": ("P6", "X1"), "W3": ("W1", "I2"), "W4": ("S8", "W1"),
    "W5": ("W1", "I3"), "T1": ("S9", "S6"),
}  # fmt: skip
HARD = frozenset({"I1", "I2", "X1", "B0", "S9", "T1", "W5"})
# For each coder: the chance to miss a theme, and to add a near one.
CODERS = {"coder_a": (0.115, 0.045), "coder_b": (0.105, 0.085)}
# A third coder, in a file of their own: misses more, adds less, and coded a part of the responses.
THIRD, THIRD_PART, THIRD_ERRORS = "coder_c", 0.4, (0.17, 0.03)
CONTACTS = (
    "Happy to talk about this, I'm on pwp.office@example.org.",
    "My direct line is 01632 960123 if anybody wants to know more.",
    "You can text me on 07700 900123.",
    "I'm at the ZZ99 3AA site if someone would like to come and see it.",
    "Please reply to step2.team@example.org as I don't use the other inbox.",
    "Ring the office on 01632 960456 and ask for the duty desk.",
    "Call 07700 900456 after five.",
    "Our clinic is ZZ99 3WZ and my email is talking.therapies@example.org.",
)


def planted_shares() -> pd.DataFrame:
    """Return the true share of each theme in each year.

    Returns
    -------
    pandas.DataFrame
        theme, change (``rise``, ``fall``, ``stay`` or ``non_monotone``) and one column ``2014`` to
        ``2018``: the chance (0 to 1) that a codable response of that year holds the theme.
    """
    rows = []
    for theme in NEAR:
        change, shares = MOVING.get(theme, ("stay", (FLAT.get(theme, 0.0),) * len(YEARS)))
        rows.append([theme, change, *shares])
    return pd.DataFrame(rows, columns=["theme", "change", *map(str, YEARS)])
