"""Results in, matplotlib figures out: one style, colour-blind-safe, and never a chart without n.

Every function returns a :class:`matplotlib.figure.Figure` and neither shows nor saves it. Save with
``figure.savefig("drift.svg")``. The palette is that of Okabe and Ito (2008), "Color Universal
Design"; marks differ in shape as well as in colour.

The ``hidden`` arguments name cells that must not be drawn (disclosure control): they appear as a
gap with a note, and nothing of their value is in the figure.
"""

from iapt_topics.figures._style import OKABE_ITO, figure_bytes
from iapt_topics.figures.agreement import agreement_figure, code_pairs, coding_flow_figure
from iapt_topics.figures.rows import STATUSES, flow_figure
from iapt_topics.figures.shares import axis_figure, axis_plane_figure, drift_figure, effects_figure
from iapt_topics.figures.topics import mapping_figure, resolution_figure, topic_flow_figure

__all__ = [
    "OKABE_ITO",
    "STATUSES",
    "agreement_figure",
    "axis_figure",
    "axis_plane_figure",
    "code_pairs",
    "coding_flow_figure",
    "drift_figure",
    "effects_figure",
    "figure_bytes",
    "flow_figure",
    "mapping_figure",
    "resolution_figure",
    "topic_flow_figure",
]
