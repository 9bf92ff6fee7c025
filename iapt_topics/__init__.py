"""Machine themes beside human themes in free-text surveys, and what changed over the years.

The stages follow each other, each a function from typed values to a new typed value::

    load_responses -> embed -> fit_topics -> map_topics -> code_responses
        -> compare_codes, measure_drift -> write_report
"""

from iapt_topics._checks import InputError
from iapt_topics.agreement import Comparison, compare_codes
from iapt_topics.axis import axis_codes
from iapt_topics.codes import Codes, coders_in, load_codes
from iapt_topics.datasets import load_example
from iapt_topics.drift import Drift, measure_drift
from iapt_topics.embeddings import Embeddings, Encoder, embed, sentence_encoder
from iapt_topics.frame import Theme, ThemeFrame, load_frame
from iapt_topics.mapping import TopicMapping, code_responses, map_topics
from iapt_topics.redaction import redact
from iapt_topics.report import write_report
from iapt_topics.responses import Responses, load_responses
from iapt_topics.study import Study, run_study, write_study
from iapt_topics.topics import TopicConfig, Topics, fit_topics

__version__ = "0.1.0"

__all__ = [
    "Codes",
    "Comparison",
    "Drift",
    "Embeddings",
    "Encoder",
    "InputError",
    "Responses",
    "Study",
    "Theme",
    "ThemeFrame",
    "TopicConfig",
    "TopicMapping",
    "Topics",
    "axis_codes",
    "code_responses",
    "coders_in",
    "compare_codes",
    "embed",
    "fit_topics",
    "load_codes",
    "load_example",
    "load_frame",
    "load_responses",
    "map_topics",
    "measure_drift",
    "redact",
    "run_study",
    "sentence_encoder",
    "write_report",
    "write_study",
]
