from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.survey.sentences import sentence_spans, split_sentences


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("One thought only", 1),
        ("The caseload is too high. My supervisor is kind.", 2),
        ("The caseload is too high but my supervisor is kind", 2),
        ("Too much admin\n\nNo time for clients at all", 2),
        ("Yes. No. Maybe.", 1),
        ("", 1),
    ],
)
def test_counts(text, count):
    assert len(split_sentences(text)) == count


@given(st.text(max_size=300))
def test_no_letter_is_lost(text):
    joined = "".join("".join(split_sentences(text)).split()).replace(",", "")
    assert joined == "".join(text.split()).replace(",", "")


@given(st.text(alphabet="ab .,;\nbut", max_size=80))
def test_a_span_holds_its_sentence(text):
    spans = sentence_spans(text)
    for sentence, (start, end) in zip(split_sentences(text), spans, strict=True):
        # Between joined pieces the text may have a comma or other blanks.
        there = "".join(text[start:end].replace(",", "").split())
        assert there == "".join(sentence.replace(",", "").split())
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
