"""What a column ``status`` says of a figure; a figure that is not "shown" is missing."""

from __future__ import annotations

SHOWN = "shown"
#: By statistical disclosure control.
SUPPRESSED = "suppressed"
#: Out of fewer responses than the rule asks for.
SMALL_BASE = "small base"
#: No response of the year was coded.
NOT_CODED = "not coded"
#: For another reason, which the note says.
NOT_ESTIMABLE = "not estimable"
STATUSES = (SHOWN, SUPPRESSED, SMALL_BASE, NOT_CODED, NOT_ESTIMABLE)
