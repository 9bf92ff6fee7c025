from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.survey.non_answers import matched_rule, read_rules

NON_ANSWERS = """no|No.|NO!|none|n/a|N/A|N\\A|n.a.|na|NA|nil|nothing|Nothing to add.
nothing further to add
no comment|No comments|no further comments|I have no comment at this time|no thanks
No, thank you|see above|See above.|as above|same as above|same as before|same as previous
same as previous answer|please see my previous response|As per previous answer|as before
ditto|don't know|Don\u2019t know|dont know|I do not know|dk|idk|not sure|I'm not sure
not applicable|Not applicable to me|prefer not to say|nothing else|-|--|...|\u2026|?|???|.
x|xxxx|aaaaaaaaaa|11111|asdf|blah blah|nothing at all""".replace("\n", "|")
ANSWERS = """No, because of the targets|No support|No time|no supervision|none of us feel heard
workload|Workload.|nothing changes|Nothing to add to the pay|not sure it helps
see above the desk|I don't know my manager|10|2016|\U0001f62d\U0001f62d|\u5fd9|pay|IT
no more|sad|band 5|no response|same as last year but worse|same pay|noon|nab|native
as above but with less time|don't know who leads us|not applicable to trainees""".replace("\n", "|")


@pytest.mark.parametrize("text", NON_ANSWERS.split("|"))
def test_non_answers(text):
    assert matched_rule(text)
    assert matched_rule(f"  {text.upper()}\n")


@pytest.mark.parametrize("text", ANSWERS.split("|"))
def test_answers(text):
    assert not matched_rule(text)


def test_rules_have_names_of_their_own_and_match_their_examples():
    rules = read_rules()
    assert len({rule.name for rule in rules}) == len(rules) >= 10


RULE = "[[rule]]\nname = 'a'\npattern = '%s'\nexamples = ['%s']\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "at least one"),
        ("rule = 3", "at least one"),
        ("[[rule", "valid TOML"),
        (RULE % ("(", "x"), "regular expressions"),
        (RULE % ("no", "yes"), "'yes' not matched by rule 'a'"),
        ("[[rule]]\nname = 'a'\n", "name, pattern and examples"),
        (b"\xff", "TOML in UTF-8"),
    ],
)
def test_rules_that_cannot_be_used(tmp_path, content, said):
    path = tmp_path / "r.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=said):
        read_rules(path)


@given(st.text())
def test_space_and_marks_around_a_text_do_not_matter(text):
    assert matched_rule(f" \u200f{text}\t") == matched_rule(text)


@pytest.mark.parametrize("piece", ["no ", "see above ", "\u202e", "blah ", "a", "-", "nothing to "])
def test_long_texts_take_no_time(piece):
    assert isinstance(matched_rule(piece * 50_000), str)
