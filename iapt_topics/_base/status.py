"""What a column ``status`` says of a figure; a figure that is not "shown" is missing."""

from __future__ import annotations

SHOWN = "shown"
#: By statistical disclosure control.
SUPPRESSED = "suppressed"
#: The count is one of the small ones that are not distinguished, such as 0 to 4 respondents.
FEW = "few"
#: Out of fewer responses than the rule asks for.
SMALL_BASE = "small base"
#: No response of the year was coded.
NOT_CODED = "not coded"
#: For another reason, which the note says.
NOT_ESTIMABLE = "not estimable"
STATUSES = (SHOWN, FEW, SUPPRESSED, SMALL_BASE, NOT_CODED, NOT_ESTIMABLE)

#: What a column ``interval_status`` says of the interval of a measure.
ESTIMATED = "estimated"
#: Too few responses for so many pairs of classes.
TOO_SPARSE = "too sparse"
#: Nothing disagrees, so that no respondent tells how far the measure could be off.
NO_ERROR = "no disagreement"
#: Without one of the respondents the measure is not defined.
FEW_PEOPLE = "too few respondents"
#: What is said to people of an interval that is not given.
NO_INTERVAL = {
    TOO_SPARSE: "no interval: too few responses for so many pairs of classes",
    NO_ERROR: "no interval: the coders never differ",
    FEW_PEOPLE: "no interval: too few respondents",
}


def interval_status(estimate: float, low: float) -> str:
    """Status of the jackknife interval of a measure that is at most 1, by its lower limit."""
    if estimate != estimate:
        return NOT_ESTIMABLE
    return ESTIMATED if low == low else NO_ERROR if estimate == 1 else FEW_PEOPLE


#: What a column ``checked`` says of a change in machine codes: corrected by people's codes of a
#: random sample, or not; or that the codes are people's own.
CORRECTED, UNCHECKED, BY_PEOPLE = "corrected", "not checked", "human codes"
#: What a column ``finding`` says of a change; "not checked" where the machine alone says so.
ROSE, FELL, NO_CHANGE = "rose", "fell", "no significant change"
#: And of a test over all years that has no direction.
CHANGED = "changed"
#: What a column ``sample`` says of published hand codes by which rounded counts, which have no
#: weights, cannot correct a theme.
UNEVEN = "unequal probabilities"
#: Adjusted p below which a change is found.
SIGNIFICANT = 0.05

#: What a column ``verdict`` says of a theme: may the machine code it alone?
AUTOMATE, AUTOMATE_ABOVE = "automate", "automate above the score"
PEOPLE, DEFINITION, UNKNOWN = "people code it", "definition at fault", "not enough evidence"
VERDICTS = (AUTOMATE, AUTOMATE_ABOVE, PEOPLE, DEFINITION, UNKNOWN)

#: The setting which says that topics are those of a sample, on which all others were placed.
SAMPLED = "Topics fitted to"
