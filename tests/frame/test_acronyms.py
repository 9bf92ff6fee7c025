import pytest

from iapt_topics._base.errors import InputError
from iapt_topics.frame.acronyms import expand_acronyms
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.load import load_frame, write_frame
from iapt_topics.frame.theme import Theme

THEMES = (Theme(id="a", label="A"),)


def test_what_an_acronym_means_is_written_behind_it():
    expand = expand_acronyms(
        ("DNA = did not attend", "DNAR = do not resuscitate", "R&D = research")
    )
    assert expand("3 DNAs, and a DNA.") == "3 DNAs (did not attend), and a DNA (did not attend)."
    assert expand("He DNA'd") == "He DNA'd (did not attend)"
    assert expand("DNAR, R&D.") == "DNAR (do not resuscitate), R&D (research)."
    assert expand("dna, mDNA, DNA_1, DNAm") == "dna, mDNA, DNA_1, DNAm"
    assert expand_acronyms(())("DNA") == "DNA"


def test_a_meaning_is_text_and_no_pattern():
    assert expand_acronyms((r"A.B = \1 [x]",))("A.B AxB") == r"A.B (\1 [x]) AxB"


@pytest.mark.parametrize(
    ("acronyms", "fault"),
    [
        (("DNA",), "'DNA' is not of the form"),
        (("= did not attend",), "is not of the form"),
        (("did not attend = DNA",), "is not of the form"),
        (("DNA = ",), "is not of the form"),
        (("DNA = a", "DNA = b"), "'DNA' is there twice"),
        (("DNA = a\x00b",), "is not of the form"),
    ],
)
def test_what_is_no_acronym_is_named(acronyms, fault):
    with pytest.raises(InputError, match=fault):
        ThemeFrame(name="n", themes=THEMES, acronyms=acronyms)


@pytest.mark.parametrize("ending", ["toml", "csv", "xlsx"])
def test_acronyms_come_back_from_a_file(tmp_path, ending):
    acronyms = ("DNA = did not attend", "CPD = courses | study")
    frame = ThemeFrame(name="n", themes=THEMES, acronyms=acronyms)
    assert load_frame(write_frame(tmp_path / f"f.{ending}", frame)).acronyms == acronyms
