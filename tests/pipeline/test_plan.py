import inspect
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics.drift.standardise import standardise_drift
from iapt_topics.encoders.encoder import sentence_encoder
from iapt_topics.pipeline.keys import KEYS
from iapt_topics.pipeline.plan import StudyPlan, plan_text, read_plan
from iapt_topics.pipeline.run import run_study
from iapt_topics.pipeline.write import write_study
from iapt_topics.publish.published import publish
from iapt_topics.publish.quotes_sheet import write_quotes
from iapt_topics.qda.load import load_codes
from iapt_topics.survey.redaction import redact_responses
from iapt_topics.survey.responses import load_responses
from iapt_topics.topics.topics import TopicConfig

LEAST = '[survey]\nfile = "s.csv"\ntext = "comment"\nyear = "year"\n'


@pytest.fixture
def written(tmp_path):
    (tmp_path / "s.csv").write_text("comment,year\n")

    def write(text, more=""):
        (tmp_path / "study.toml").write_text(text + more, "utf-8")
        return tmp_path / "study.toml"

    return write


def test_paths_start_from_the_file_and_the_rest_has_defaults(written, tmp_path):
    plan = read_plan(written(LEAST))
    assert plan.file == tmp_path / "s.csv"
    assert plan.text == ("comment",)
    assert plan.out == tmp_path / "results"
    assert (plan.frame, plan.n_runs, plan.disclosure) == (None, 12, "default")
    assert read_plan(tmp_path) == plan


def test_a_frame_is_a_name_or_a_path(written, tmp_path):
    assert read_plan(written(LEAST, '[frame]\nuse = "other"\n')).frame == "other"
    plan = read_plan(written(LEAST, '[frame]\nuse = "mine.toml"\n'))
    assert plan.frame == tmp_path / "mine.toml"


def test_a_model_is_a_folder_or_one_that_packages_carry(written, tmp_path):
    (tmp_path / "mine").mkdir()
    plan = read_plan(written(LEAST, '[embedding]\nmodel = "mine"\nprompt = "query: "\n'))
    assert (plan.model, plan.prompt) == (tmp_path / "mine", "query: ")
    for name in ("all-mpnet-base-v2", "all-MiniLM-L6-v2"):
        for said in (name, f"sentence-transformers/{name}"):
            assert read_plan(written(LEAST, f'[embedding]\nmodel = "{said}"\n')).model == name


WRONG = {
    "a model of a hub": (
        '[embedding]\nmodel = "intfloat/e5-small"\n',
        "model is fetched by its name",
    ),
    "no such model": ('[embedding]\nmodel = "gone"\n', "give a folder, all-MiniLM-L6-v2 or"),
    "another type": ('[topics]\nn_runs = "12"\n', "topics.n_runs must be a whole number; got '12'"),
    "yes for a number": (
        "[topics]\nn_runs = true\n",
        "topics.n_runs must be a whole number; got True",
    ),
    "a rule that is none": ('[report]\ndisclosure = "nhs"\n', "or the name of a disclosure rule"),
    "half a number": (
        "[report]\ndisclosure = 2.5\n",
        "report.disclosure must be a whole number of",
    ),
    "out of range": (
        "[topics]\nn_runs = 1\n",
        "topics.n_runs must be a whole number of at least 2",
    ),
    "a share above 1": ("[topics]\nmin_support = 50\n", "topics.min_support must be a number from"),
    "numbers for texts": ("[drift]\nstandardise = [1]\n", "drift.standardise must be a list of"),
    "a flag in words": ('[report]\nquotes = "yes"\n', "report.quotes must be true or false"),
    "an unknown key": ("[topics]\nrun = 3\n", "unknown key topics.run. Did you mean 'n_runs'?"),
    "an unknown section": (
        "[topic]\nn_runs = 3\n",
        "unknown section [topic]. Did you mean 'topics'",
    ),
    "a key elsewhere": ("[report]\nbaseline = 3\n", "report.baseline. The key is drift.baseline"),
    "a key of an earlier version": (
        "[topics]\nruns = 3\n",
        "topics.runs. The key is topics.n_runs",
    ),
    "a rule of an earlier version": ("[report]\nmin_cell = 3\n", "The key is report.disclosure"),
    "a key at the top": ("", "unknown section [n_runs]. The key is topics.n_runs"),
    "no kind of sample": (
        '[codes]\nsample = "some"\n',
        "codes.sample must be random or purposive; got 'some'",
    ),
    "a missing file": ('[codes]\nfile = "codes.csv"\n', "codes.file: no such file"),
    "a file of no name": ('[codes]\nfile = " "\n', "codes.file must be the path of a file"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_fault_is_named(written, case):
    more, said = WRONG[case]
    path = written(LEAST, more) if more else written("n_runs = 3\n", LEAST)
    with pytest.raises(InputError) as error:
        read_plan(path)
    assert said in str(error.value)
    assert "1 fault(s)" in str(error.value)


def test_all_faults_are_named_at_once(written):
    path = written(
        '[survey]\nfile = "gone.csv"\ntext = 3\n[topic]\n[report]\ndisclosur = 3\ndisclosure = 0\n'
    )
    with pytest.raises(InputError) as error:
        read_plan(path)
    for said in (
        "6 fault(s)", "gone.csv", "survey.text must be", "survey.year is missing", "[topic]",
        "disclosur. Did you mean 'disclosure'", "disclosure must be a whole number of at least 2",
    ):  # fmt: skip
        assert said in str(error.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[survey", "valid TOML"),
        (b"\xff\xfe", "valid TOML"),
        (b"a = " + b"[" * 5000, "valid TOML"),
        (b"#" * 5_000_001, "at most 5,000,000 bytes"),
        (b"survey = 3", "must be a section"),
        (b"", "survey.file is missing"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, content, said):
    (tmp_path / "study.toml").write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_plan(tmp_path)


def test_a_plan_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_plan(tmp_path)


def test_a_plan_made_in_python_is_checked_too():
    with pytest.raises(InputError, match=r"2 fault.*survey\.text.*topics\.seed"):
        StudyPlan(file=Path("s.csv"), text="comment", year="y", seed=-1)


def test_a_text_is_a_path_in_a_plan_made_in_python():
    plan = StudyPlan(file="s.csv", text=("comment",), year="y", codes="codes.csv", out="here")
    assert (plan.file, plan.codes, plan.out) == (Path("s.csv"), Path("codes.csv"), Path("here"))


def test_every_attribute_has_a_key_and_every_key_is_written(written, tmp_path):
    assert [k.field for k in KEYS] == list(StudyPlan.__dataclass_fields__)
    text = plan_text(read_plan(written(LEAST)), tmp_path / "new.toml")
    for key in KEYS:
        assert f"{key.name} = " in text
        assert key.about in text
    # What is commented out is right too, once it is uncommented.
    whole = "\n".join(
        line[2:] if line.startswith("# ") and " = " in line else line for line in text.splitlines()
    )
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    written(whole)
    assert read_plan(tmp_path).codes == tmp_path / "file"


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@pytest.mark.slow
@given(text=st.lists(NAMES, min_size=1), year=NAMES, seed=st.integers(0), quotes=st.booleans())
def test_a_plan_written_is_the_plan_read(tmp_path_factory, text, year, seed, quotes):
    folder = tmp_path_factory.mktemp("plan")
    (folder / "s.csv").touch()
    plan = StudyPlan(
        file=folder / "s.csv", text=tuple(text), year=year, seed=seed, quotes=quotes,
        min_support=0.25, out=folder.parent / "elsewhere",
    )  # fmt: skip
    (folder / "study.toml").write_text(plan_text(plan, folder / "study.toml"), "utf-8", newline="")
    assert read_plan(folder) == plan
    tomllib.loads(plan_text(replace(plan, out=folder), folder.parent / "study.toml"))


OWN = {
    "sections": """# Mine
[survey]  # of 2016
file = 's.csv'  # from HR
text = [
    "comment",  # the long one
]
year = "year"
[drift]
# 2014 is not whole
standardise = ["role"]
""",
    "an inline table": """# Mine
survey = { file = "s.csv", text = "comment", year = "year" }
drift.standardise = ["role"]
""",
    "dotted keys out of order": """# Mine
survey.file = "s.csv"  # from HR
drift.standardise = ["role"]  # 2014 is not whole
survey.text = "comment"
survey.year = "year"
""",
    "a byte-order mark and Windows lines": "\ufeff# Mine\r\n" + LEAST.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("change", [{}, {"baseline": 2016, "n_runs": 3}, {"standardise": ()}])
def test_a_plan_written_over_a_persons_own_keeps_their_comments(written, own, change):
    path = written("")
    path.write_bytes(OWN[own].encode())
    plan = replace(read_plan(path), **change)
    text = plan_text(plan, path)
    path.write_text(text, "utf-8")
    assert read_plan(path) == plan
    for line in OWN[own].lstrip("\ufeff").splitlines():
        comment = line.partition("#")[2]
        gone = "standardise" in change and "standardise = " in line
        assert gone or comment in text
    assert plan_text(plan, path) == text


def test_a_plan_written_over_one_of_ours_fills_in_what_was_commented_out(written):
    path = written(LEAST)
    plan = read_plan(path)
    path.unlink()
    path.write_text(plan_text(plan, path), "utf-8")
    lines = path.read_text("utf-8").splitlines()
    changed = plan_text(replace(plan, baseline=2016), path).splitlines()
    assert [(a, b) for a, b in zip(lines, changed, strict=True) if a != b] == [
        (next(x for x in lines if x.startswith("# baseline")), next(
            x for x in changed if x.startswith("baseline = 2016  # year to compare with")))
    ]  # fmt: skip


def test_what_is_no_plan_is_written_over(written):
    path = written("[survey\n")
    new = path.with_name("new.toml")
    plan = StudyPlan(file=path.with_name("s.csv"), text=("comment",), year="year")
    assert plan_text(plan, path) == plan_text(plan, new)


def test_what_a_plan_leaves_out_is_as_in_python():
    plan = {f.name: f.default for f in fields(StudyPlan)}
    assert {f.name: f.default for f in fields(TopicConfig)}.items() <= plan.items()
    shared = 0
    for function in (load_responses, redact_responses, sentence_encoder, load_codes, run_study,
                     standardise_drift, publish, write_quotes, write_study):  # fmt: skip
        for name, parameter in inspect.signature(function).parameters.items():
            if name in plan and parameter.default is not parameter.empty:
                assert (parameter.default or None) == (plan[name] or None), (function, name)
                shared += 1
    assert shared > 20
