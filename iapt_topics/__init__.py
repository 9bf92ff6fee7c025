"""Machine themes beside human themes in free-text surveys, and what changed over the years.

The stages follow each other, each a function from typed values to a new typed value::

    load_responses -> embed -> fit_topics -> map_topics -> code_responses
        -> compare_codes, measure_drift -> write_report
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iapt_topics._base.errors import InputError
    from iapt_topics.agreement.comparison import Comparison, compare_codes, topic_codes
    from iapt_topics.agreement.convergence import disagreements, read_convergence, write_convergence
    from iapt_topics.codes.axis import axis_by_topic, axis_codes, axis_scores, pole_codes
    from iapt_topics.codes.codes import Codes
    from iapt_topics.codes.sampling import SamplePlan, next_to_code, sample_size, write_sample
    from iapt_topics.datasets import load_example
    from iapt_topics.drift.drift import Drift, measure_drift
    from iapt_topics.drift.effects import theme_effects
    from iapt_topics.drift.panel import Panel, measure_panel
    from iapt_topics.drift.prevalence import corrected_shares
    from iapt_topics.drift.semantic_change import Meaning, measure_meaning
    from iapt_topics.drift.standardise import Standardised, standardise_drift
    from iapt_topics.encoders.distil import distil_encoder
    from iapt_topics.encoders.embeddings import Embeddings, Encoder, embed, sentence_encoder
    from iapt_topics.frame.frame import Theme, ThemeFrame, load_frame, write_frame
    from iapt_topics.mapping.distinctness import indistinct_themes
    from iapt_topics.mapping.edits import (
        MappingEdits,
        apply_edits,
        load_edits,
        mapping_coverage,
        read_mapping,
        replay_edits,
        write_edits,
        write_mapping,
    )
    from iapt_topics.mapping.encoders import compare_encoders
    from iapt_topics.mapping.facets import code_facets
    from iapt_topics.mapping.learning import learn_codes
    from iapt_topics.mapping.mapping import TopicMapping, code_responses, explain_codes, map_topics
    from iapt_topics.mapping.scoring import score_themes
    from iapt_topics.pipeline.from_plan import run_plan
    from iapt_topics.pipeline.manifest import RunComparison, compare_runs
    from iapt_topics.pipeline.plan import StudyPlan, read_plan
    from iapt_topics.publish.disclosure import Disclosure
    from iapt_topics.publish.draft import write_draft
    from iapt_topics.publish.exports import export_tables
    from iapt_topics.publish.published import publishable_tables
    from iapt_topics.publish.quotes_sheet import read_quotes, write_quotes
    from iapt_topics.qda import Project, export_codes, load_project
    from iapt_topics.qda.load import coders_in, load_codes, match_themes
    from iapt_topics.report import write_report
    from iapt_topics.scale.scale import ScaledStudy, sample_stability, scale_study
    from iapt_topics.study import Study, run_study, write_figures, write_study
    from iapt_topics.survey.redaction import (
        count_redactions,
        presidio_names,
        redact,
        redact_responses,
    )
    from iapt_topics.survey.respondents import how_answered, one_question, who_answered
    from iapt_topics.survey.responses import Responses, load_responses
    from iapt_topics.topics.edits import TopicEdit, edit_topics, replay_topic_edits
    from iapt_topics.topics.exemplars import find_exemplars
    from iapt_topics.topics.files import load_topics, save_topics
    from iapt_topics.topics.labels import TopicBrief, label_topics
    from iapt_topics.topics.new_wave import Wave, assign_wave
    from iapt_topics.topics.topics import TopicConfig, Topics, fit_topics, unassigned_band
    from iapt_topics.topics.tracking import TopicFlow, compare_refit, topic_flow

__version__ = "0.1.0"

# Where each public name lives; its module is loaded when the name is first used, so that
# importing the package costs next to nothing.
_HOME = {
    "Codes": "codes",
    "Comparison": "agreement",
    "Disclosure": "disclosure",
    "Drift": "drift",
    "Embeddings": "embeddings",
    "Encoder": "embeddings",
    "InputError": "_checks",
    "MappingEdits": "mapping_edits",
    "Meaning": "meaning",
    "Panel": "panel",
    "Project": "qda",
    "Responses": "responses",
    "RunComparison": "manifest",
    "SamplePlan": "sampling",
    "ScaledStudy": "scale",
    "Standardised": "standardise",
    "Study": "study",
    "StudyPlan": "plan",
    "Theme": "frame",
    "ThemeFrame": "frame",
    "TopicBrief": "topic_labels",
    "TopicConfig": "topics",
    "TopicEdit": "topic_edits",
    "TopicFlow": "flow",
    "TopicMapping": "mapping",
    "Topics": "topics",
    "Wave": "new_wave",
    "apply_edits": "mapping_edits",
    "assign_wave": "new_wave",
    "axis_by_topic": "axis",
    "axis_codes": "axis",
    "axis_scores": "axis",
    "code_facets": "facets",
    "code_responses": "mapping",
    "coders_in": "code_files",
    "compare_codes": "agreement",
    "compare_encoders": "encoder_comparison",
    "compare_refit": "flow",
    "compare_runs": "manifest",
    "corrected_shares": "prevalence",
    "count_redactions": "redaction",
    "disagreements": "convergence",
    "distil_encoder": "distil",
    "edit_topics": "topic_edits",
    "embed": "embeddings",
    "explain_codes": "mapping",
    "export_codes": "qda",
    "export_tables": "exports",
    "find_exemplars": "exemplars",
    "fit_topics": "topics",
    "how_answered": "answering",
    "indistinct_themes": "distinctness",
    "label_topics": "topic_labels",
    "learn_codes": "coding",
    "load_codes": "code_files",
    "load_edits": "mapping_edits",
    "load_example": "datasets",
    "load_frame": "frame",
    "load_project": "qda",
    "load_responses": "responses",
    "load_topics": "topic_files",
    "map_topics": "mapping",
    "mapping_coverage": "mapping_edits",
    "match_themes": "code_files",
    "measure_drift": "drift",
    "measure_meaning": "meaning",
    "measure_panel": "panel",
    "next_to_code": "sampling",
    "one_question": "answering",
    "pole_codes": "axis",
    "presidio_names": "redaction",
    "publishable_tables": "publishing",
    "read_convergence": "convergence",
    "read_mapping": "mapping_edits",
    "read_plan": "plan",
    "read_quotes": "approval",
    "redact": "redaction",
    "redact_responses": "redaction",
    "replay_edits": "mapping_edits",
    "replay_topic_edits": "topic_edits",
    "run_plan": "pipeline",
    "run_study": "study",
    "sample_size": "sampling",
    "sample_stability": "scale",
    "save_topics": "topic_files",
    "scale_study": "scale",
    "score_themes": "scoring",
    "sentence_encoder": "embeddings",
    "standardise_drift": "standardise",
    "theme_effects": "effects",
    "topic_codes": "agreement",
    "topic_flow": "flow",
    "unassigned_band": "topics",
    "who_answered": "answering",
    "write_convergence": "convergence",
    "write_draft": "draft",
    "write_edits": "mapping_edits",
    "write_figures": "study",
    "write_frame": "frame",
    "write_mapping": "mapping_edits",
    "write_quotes": "approval",
    "write_report": "report",
    "write_sample": "sampling",
    "write_study": "study",
}

__all__ = [
    "Codes",
    "Comparison",
    "Disclosure",
    "Drift",
    "Embeddings",
    "Encoder",
    "InputError",
    "MappingEdits",
    "Meaning",
    "Panel",
    "Project",
    "Responses",
    "RunComparison",
    "SamplePlan",
    "ScaledStudy",
    "Standardised",
    "Study",
    "StudyPlan",
    "Theme",
    "ThemeFrame",
    "TopicBrief",
    "TopicConfig",
    "TopicEdit",
    "TopicFlow",
    "TopicMapping",
    "Topics",
    "Wave",
    "apply_edits",
    "assign_wave",
    "axis_by_topic",
    "axis_codes",
    "axis_scores",
    "code_facets",
    "code_responses",
    "coders_in",
    "compare_codes",
    "compare_encoders",
    "compare_refit",
    "compare_runs",
    "corrected_shares",
    "count_redactions",
    "disagreements",
    "distil_encoder",
    "edit_topics",
    "embed",
    "explain_codes",
    "export_codes",
    "export_tables",
    "find_exemplars",
    "fit_topics",
    "how_answered",
    "indistinct_themes",
    "label_topics",
    "learn_codes",
    "load_codes",
    "load_edits",
    "load_example",
    "load_frame",
    "load_project",
    "load_responses",
    "load_topics",
    "map_topics",
    "mapping_coverage",
    "match_themes",
    "measure_drift",
    "measure_meaning",
    "measure_panel",
    "next_to_code",
    "one_question",
    "pole_codes",
    "presidio_names",
    "publishable_tables",
    "read_convergence",
    "read_mapping",
    "read_plan",
    "read_quotes",
    "redact",
    "redact_responses",
    "replay_edits",
    "replay_topic_edits",
    "run_plan",
    "run_study",
    "sample_size",
    "sample_stability",
    "save_topics",
    "scale_study",
    "score_themes",
    "sentence_encoder",
    "standardise_drift",
    "theme_effects",
    "topic_codes",
    "topic_flow",
    "unassigned_band",
    "who_answered",
    "write_convergence",
    "write_draft",
    "write_edits",
    "write_figures",
    "write_frame",
    "write_mapping",
    "write_quotes",
    "write_report",
    "write_sample",
    "write_study",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
