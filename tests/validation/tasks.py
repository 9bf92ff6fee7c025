"""Studies and tasks that the tests of validation share."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import standins

from iapt_topics.survey.sentences import sentence_spans

HOSTILE = (
    " </script><script>window.bad = 1</script><img src=x onerror='window.bad = 2'> <!-- "
    "<svg onload=window.bad=3> {{ 7 * 7 }} {% raw %} ${window.bad = 4} =HYPERLINK(1) "
    "javascript:window.bad=5 &lt;b&gt; \u202eevil\u2066 \ufeff \u2028"
)


@cache
def survey_of(n=700, extra=""):
    """A study in which every response has words of its own."""
    survey = standins.responses(n=n, extra=extra)
    table = survey.table
    texts = table["text"] + " I am " + table["response_id"]
    survey = replace(survey, table=table.assign(text=texts))
    return standins.study_of(responses=survey, codes=standins.codes(survey))


def coding_task(n, raters=("Ann",)):
    from iapt_topics.validation import make_coding

    survey = survey_of(n=max(700, int(n * 1.2))).responses
    ids = survey.kept["response_id"].tolist()[:n]
    return make_coding(survey, standins.frame(), ids, raters=list(raters), overlap=1.0)


def with_evidence(study):
    """The study with several sentences in each response, the second of which carried each code."""
    table = study.responses.table
    texts = (
        "First of all we write. " + table["text"] + " That is what I say. Ask jo@x.org for more."
    )
    survey = replace(study.responses, table=table.assign(text=texts))
    text = survey.table.set_index("response_id")["text"]
    rows = study.codes.table[["response_id", "theme"]].copy()
    spans = [sentence_spans(text[i])[1] for i in rows["response_id"]]
    rows = rows.assign(
        start=[a for a, _ in spans],
        end=[b for _, b in spans],
        margin=0.1,
        anchor="",
        anchor_kind="",
    )
    return replace(study, responses=survey, codes=replace(study.codes, evidence=rows))
