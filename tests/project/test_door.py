"""Whatever a public function or class is given, it works or says in one line what is wrong."""

from __future__ import annotations

import importlib
import inspect
import pickle
import re
from collections.abc import Callable
from copy import copy
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pytest
import standins
from conftest import BagOfWords
from test_project import ROOT, STUBS, handed_on

import iapt_topics as it
from iapt_topics._base import door
from iapt_topics._base.errors import InputError
from iapt_topics.drift.effects import theme_regression
from iapt_topics.encoders.embeddings import embed
from iapt_topics.mapping.edits import MappingEdits
from iapt_topics.qda.project import Project
from iapt_topics.survey.redaction import redact_responses
from iapt_topics.topics.tracking import TopicTracking

#: What stands where it should not.
ODD = {
    "text": "nonsense",
    "path": Path("nonsense"),
    "table": pd.DataFrame({"a": [1]}),
    "None": None,
    "number": 3,
    "negative": -1,
    "part": 0.5,
    "list": ["nonsense"],
    "mapping": {"nonsense": "nonsense"},
}
#: These fit topics, load a model, write a page or need a cluster: what their types allow is tried
#: elsewhere.
SLOW = {
    *("fit_topics", "topic_tracking", "run_study", "run_plan", "scale_study", "sample_stability"),
    "plain_runs",
    *(
        "distil_encoder",
        "model_names",
        "presidio_names",
        "analyse",
        "write_report",
        "report",
        "save",
    ),
}


def public() -> dict[str, Callable[..., Any]]:
    """Functions and classes of all rooms."""
    found = {}
    for stub in STUBS:
        name = ".".join(stub.parent.relative_to(ROOT).parts)
        room = importlib.import_module(name)
        found |= {n: v for n in handed_on(stub) if callable(v := getattr(room, n))}
    return {n: v for n, v in found.items() if n != "Encoder"}  # which is a protocol


PUBLIC = public()


@cache
def valid() -> SimpleNamespace:
    """A value of each type, all of one small study."""
    survey = standins.responses(n=160)
    encoder = BagOfWords()
    embeddings = embed(survey, encoder)
    topics = standins.topics(survey)
    topics = replace(
        topics,
        topics=topics.topics.assign(membership_cutoff=0.5, cosine=0.8),
        centroids=np.eye(8, 64, dtype=np.float32),
        versions=topics.versions | {"weights": encoder.fingerprint},
    )
    codes = standins.codes(survey)
    study = standins.study_of(responses=survey, topics=topics, codes=codes)
    published = it.publish.publish(study)
    empty = pd.DataFrame()
    parts = {f.name: getattr(study, f.name) for f in fields(study)}
    public = {f.name: getattr(published, f.name) for f in fields(published)}
    made = {
        "Analysis": it.Analysis(**parts),
        "PublicVersion": PUBLIC["PublicVersion"](**public),
        "Version": published,
        "Theme": standins.frame().themes[0],
        "Responses": survey,
        "Encoder": encoder,
        "Embeddings": embeddings,
        "Topics": topics,
        "Codes": codes,
        "ThemeFrame": standins.frame(),
        "TopicMapping": study.mapping,
        "Study": study,
        "Published": published,
        "Comparison": standins.comparison(),
        "Certificate": PUBLIC["certify_codes"](codes, codes, survey),
        "SamplePlan": PUBLIC["next_to_code"](survey, codes, topics, n=40),
        "MappingEdits": MappingEdits(
            table=pd.DataFrame(
                columns=["topic", "label", "theme", "decision", "who", "when", "why", "note"]
            ),
            topic_of={},
        ),
        "TopicTracking": TopicTracking(
            windows=empty, topics=empty, links=empty, novelty=empty, fits={}
        ),
        "Project": Project(tool="t", codebook=empty, segments=empty, seen=empty, offsets=empty),
        "StudyPlan": it.StudyPlan(file=Path("survey.csv"), text=("text",), year="year"),
        "About": published.about,
        "Disclosure": published.disclosure,
        "Task": (task := PUBLIC["draw_test"](study, "word intrusion", width=0.9)),
        "Answers": (answers := PUBLIC["simulate_answers"](task)),
        "BlindResult": PUBLIC["score_test"](task, answers),
        "TopicConfig": it.TopicConfig(),
        "Figure": it.figures.drift_figure(study.drift.shares),
        "Floats32": embeddings.vectors,
        "Ints": topics.votes,
        "np.random.Generator": np.random.default_rng(0),
        "Drift": study.drift,
        "Sensitivity": PUBLIC["Sensitivity"](claims=empty, curve=empty),
        "ScaledStudy": PUBLIC["ScaledStudy"](
            topics=topics,
            mapping=study.mapping,
            drift=study.drift,
            topic_drift=study.drift,
            novelty=empty,
            ledger=empty,
            partitions=empty,
            question=None,
            covariates=(),
            notes=(),
        ),
    }
    tables = {
        "scores": study.mapping.scores,
        "axis_scores.scores": PUBLIC["score_themes"](
            survey, embeddings, made["ThemeFrame"], encoder
        ),
        "shares": study.drift.shares,
        "themes": made["Comparison"].themes,
        "matches": made["Comparison"].matches,
        "ledger": survey.ledger,
        "resolution": topics.resolution,
        "effects": theme_regression(codes, survey),
        "log": redact_responses(survey)[1],
        "table": made["SamplePlan"].table,
    }
    return SimpleNamespace(made=made, tables=tables)


#: Arrays of one number a unit; the others are tables.
FLAT = {f"design_effect.{name}" for name in ("errors", "weights")} | {
    "alpha_without_each.cluster", "jackknife_interval.agreement",
}  # fmt: skip


def stand_in(owner: str, parameter: inspect.Parameter) -> object:
    """A value of the type that a parameter names first."""
    first, name = str(parameter.annotation).split(" | ")[0], parameter.name
    if owner == "Responses" and name == "table":
        return valid().made["Responses"].table
    if owner == "Drift" and first == "pd.DataFrame":
        return getattr(valid().made["Drift"], name)
    if owner == "Codes" and first == "pd.DataFrame":
        return getattr(valid().made["Codes"], name)
    if owner == "Task":
        return getattr(valid().made["Task"], name)
    if owner == "Embeddings" and name == "response_id":
        return valid().made["Embeddings"].response_id
    if first == "pd.DataFrame":
        tables = valid().tables
        return tables.get(f"{owner}.{name}", tables.get(name, ODD["table"]))
    if first in valid().made:
        return valid().made[first]
    plain: dict[str, object] = {
        "str": {"kind": "human", "theme": "S1", "action": "rename", "text": "a text"}.get(
            name, "a"
        ),
        "int": 2020 if name == "baseline" else 1,
        "float": 0.5,
        "bool": False,
        "Path": Path("a.csv"),
        "Source": Path("a.csv"),
        "ArrayLike": [1, 0] if f"{owner}.{name}" in FLAT else [[1, 0], [0, 1]],
        "Labels": ["a", "b"],
        "DistanceName": "masi",
        "Kind": "word intrusion",
        "Callable[[TopicBrief], str]": str,
        "OnEvent": print,
        "object": 2014,
        "Literal['stage', 'note', 'progress']": "note",
    }
    if first in plain:
        return plain[first]
    if first.startswith(("dict", "Mapping")):
        return {}
    inner = re.fullmatch(r"(?:tuple|Sequence|frozenset)\[(\w+)(?:, \.\.\.)?\]", first)
    assert inner, f"{owner}({name}: {parameter.annotation}) has no stand-in"
    if inner[1] == "Theme":
        return valid().made["ThemeFrame"].themes
    if inner[1] == "int" and name == "years":
        return standins.YEARS
    whole = parameter.replace(annotation=inner[1], name="each")
    return (stand_in(owner, whole),) if inner[1] not in ("Quote", "Facet", "TopicEdit") else ()


def hints_of(call: Callable[..., Any]) -> dict[str, Any]:
    if inspect.isclass(call):
        return door._constructor_hints(call)
    return door._hints(call, inspect.unwrap(call).__globals__)


def parameters() -> list[tuple[str, str]]:
    return [(n, p) for n, f in PUBLIC.items() for p in inspect.signature(f).parameters]


def said_of(call: Callable[..., Any], *given: object, **named: object) -> str:
    """What an error of a call says, if it is one that should be; any other is raised."""
    try:
        call(*given, **named)
    except InputError as error:
        return str(error)
    return ""


def test_every_parameter_that_must_be_given_has_a_stand_in():
    for name, call in PUBLIC.items():
        for parameter in inspect.signature(call).parameters.values():
            if parameter.default is parameter.empty:
                stand_in(name, parameter)


@pytest.mark.slow  # a thousand calls
@pytest.mark.parametrize(("name", "parameter"), parameters())
def test_a_wrong_value_is_refused_in_one_line_or_works(name, parameter, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call = PUBLIC[name]
    asked = inspect.signature(call).parameters
    others = {n: stand_in(name, p) for n, p in asked.items() if p.default is p.empty}
    for odd in ODD.values():
        if name in SLOW and door._fits(odd, hints_of(call)[parameter]):
            continue
        assert "\n" not in said_of(call, **others | {parameter: odd})


@pytest.mark.parametrize("name", [n for n, c in PUBLIC.items() if inspect.isclass(c)])
def test_methods_refuse_wrong_values_too(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    holder = valid().made.get(name)
    for method, function in vars(PUBLIC[name]).items():
        if method[0] == "_" or not inspect.isfunction(function):
            continue
        _, *asked = inspect.signature(function).parameters.values()
        assert holder is not None or not asked, f"{name} has no stand-in"
        others = {p.name: stand_in(name, p) for p in asked if p.default is p.empty}
        for parameter in asked:
            hints = door._hints(function, inspect.unwrap(function).__globals__)
            for odd in ODD.values():
                if method in SLOW and door._fits(odd, hints[parameter.name]):
                    continue
                said_of(getattr(holder, method), **others | {parameter.name: odd})


def test_an_error_names_the_parameter_what_it_must_be_and_who_makes_it():
    three = pd.DataFrame({"a": [1, 2, 3]})
    assert said_of(it.compare_codes, three, three) == (
        "`human` of compare_codes must be Codes; got a DataFrame of 3 rows. "
        "Use load_codes() or code_responses()."
    )
    assert said_of(it.TopicConfig, n_runs=2.5) == (
        "`n_runs` of TopicConfig must be a whole number; got 2.5. See help(TopicConfig)."
    )
    rest = said_of(PUBLIC["respondent_mix"], valid().made["Responses"], "role")
    assert rest.startswith("`covariates` of respondent_mix must be a list of texts; got 'role'.")


def test_no_text_of_anyone_is_in_an_error():
    private = ["I was bullied by my manager, and nobody helped me when I asked them to."] * 2
    for given in (private[0], private, tuple(private), {private[0]: private[1]}):
        assert "bullied" not in said_of(it.embed, given, given)


@pytest.mark.parametrize(
    ("hint", "fit", "unfit"),
    [
        ("int", [0, np.int64(3)], [True, np.True_, 2.0, "3", None]),
        ("float", [0, 0.5, np.float32(1)], [False, "0.5", None]),
        ("bool", [True, np.False_], [0, 1, "yes"]),
        ("str | Path", ["a", Path("a")], [None, b"a"]),
        ("Sequence[str] | None", [["a"], ("a",), None], ["a", {"a"}, ["a", 1]]),
        ("tuple[int, ...]", [(), (1, 2)], [[1], (1.5,)]),
        ("tuple[str, int]", [("a", 1)], [("a",), (1, "a")]),
        ("frozenset[str]", [{"a"}, ["a"]], ["a", {1}]),
        ("Mapping[str, Sequence[str]]", [{}, {"a": ["b"]}], [{"a": "b"}, {1: ["b"]}, ["a"]]),
        ("Literal['masi', 'jaccard']", ["masi"], ["dice", None, pd.DataFrame()]),
        ("Callable[[str], int]", [len], ["len", None]),
        ("ArrayLike", [3, [1, 2], [[True]], pd.Series([1.5])], ["3", None, ["a"], [[1], [1, 2]]]),
        ("NDArray[np.intp]", [np.array([1])], [[1], None]),
        ("Responses | None", [None], ["Responses", type("Other", (), {})()]),
        ("TypeVar | Any", [None, 3], []),
    ],
)
def test_what_fits_a_type(hint, fit, unfit):
    def function(value):
        pass

    function.__annotations__ = {"value": hint}
    known = vars(importlib.import_module("iapt_topics.survey.redaction"))
    known = known | {"np": np, "NDArray": np.typing.NDArray, "Callable": Callable}
    meant = door._hints(function, known | {"Literal": Literal, "Any": Any})["value"]
    assert [v for v in fit if not door._fits(v, meant)] == []
    assert [v for v in unfit if door._fits(v, meant)] == []


def test_a_class_known_by_name_alone_is_told_by_it():
    class Figure:
        pass

    class Other(Figure):
        pass

    named = door._Names()["Figure"]
    assert isinstance(Other(), named)
    assert not isinstance(3, named)


def test_missing_and_unknown_arguments_are_errors_of_python():
    with pytest.raises(TypeError, match="missing 2 required positional arguments"):
        it.compare_codes()
    with pytest.raises(TypeError, match="unexpected keyword argument 'baselin'"):
        it.measure_drift(valid().made["Codes"], valid().made["Responses"], baselin=2014)


def test_a_checked_function_is_one_and_the_same_and_says_what_it_was():
    from iapt_topics import agreement
    from iapt_topics.agreement.comparison import compare_codes

    assert it.compare_codes is agreement.compare_codes is it.compare_codes
    assert pickle.loads(pickle.dumps(it.compare_codes)) is it.compare_codes  # noqa: S301
    assert inspect.signature(it.compare_codes) == inspect.signature(compare_codes)
    assert it.compare_codes.__doc__ == compare_codes.__doc__


def test_checked_values_are_copied_and_pickled():
    config = it.TopicConfig(seed=3)
    for again in (copy(config), pickle.loads(pickle.dumps(config)), replace(config)):  # noqa: S301
        assert again == config
        assert isinstance(again, it.TopicConfig)


def test_those_who_make_a_class_are_public():
    for text in door.MAKERS.values():
        assert set(re.findall(r"\w+(?=\()", text)) <= set(PUBLIC), text


@pytest.mark.parametrize("name", PUBLIC)
def test_every_type_is_understood(name):
    """A name that only type checkers import is a class's, whose values are told by it."""
    known = {*PUBLIC, "Figure", "Client", "Results"}  # of which the protocol is none
    by_name = {str(h) for hint in hints_of(PUBLIC[name]).values() for h in parts_of(hint)}
    assert by_name <= known


def parts_of(hint: Any) -> set[str]:
    if args := get_args(hint):
        return {name for a in args for name in parts_of(a)}
    return {hint.__name__} if type(hint) is door._ByName else set()
