import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics.survey.sentences import split_sentences


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
