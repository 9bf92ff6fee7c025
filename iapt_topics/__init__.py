"""Machine themes beside human themes in free-text surveys.

study = it.analyse("survey.csv", text=..., year=..., frame=..., codes=...)
study.report("report.html"); study.publish().report("public.html")
load_study takes up a saved one; load_example has data. Step by step:
read         load_responses, redact_responses, load_frame, load_codes
find topics  sentence_encoder, embed, fit_topics, map_topics
code         code_responses, learn_codes
compare      compare_codes, certify, measure_drift, standardise_drift,
             measure_panel, corrected_shares, theme_regression
write        write_report, write_tables, write_draft, write_frame
every step   run_study, from values; read_plan, run_plan, from a study.toml
Values: Responses, Embeddings, Encoder, Event, TopicConfig, Topics, Theme,
ThemeFrame, TopicMapping, Codes, Comparison, Drift, Study, StudyPlan,
Analysis, Disclosure, Published, InputError.
The rest is in rooms: it.drift, it.validation, ... Try help(it.drift).
"""

import lazy_loader as lazy

__version__ = "0.1.0"

# Each name is loaded when it is first used, so that importing the package costs next to nothing.
# There is no __all__: with one, help() would print every class and function in full.
__getattr__, __dir__, _ = lazy.attach_stub(__name__, __file__)
