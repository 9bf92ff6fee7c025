"""Decisions on pages by commands alone: quotes, themes of topics, disagreements of coders."""

from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest
from conftest import BagOfWords
from test_judge import answered, made  # noqa: F401

from iapt_topics.encoders import encoder as encoder_module
from iapt_topics.pipeline.manifest import read_manifest
from iapt_topics.pipeline.plan import read_plan
from iapt_topics.validation.answers import check_of
from iapt_topics.validation.task import load_task

pytestmark = pytest.mark.usefixtures("short_report")


@pytest.fixture
def result(made, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setattr(encoder_module, "sentence_encoder", lambda **_: BagOfWords())
    shutil.copytree(made, tmp_path / "study")
    return tmp_path / "study" / "results"


@pytest.fixture
def draw(command, result):
    def draw(kind):
        code, out, err = command(
            "validate", result, "--kind", kind, "--raters", "Ann", "--json", "--quiet"
        )
        assert code == 0, err
        return load_task(json.loads(out)["key"])

    return draw


def explain(file, why, skip=0):
    """Write a reason beside each answer, as on the page; leave the first ones out."""
    content = json.loads(file.read_text())
    rows = [[item, values, why, when] for item, values, _, when in content["answers"]][skip:]
    check = check_of(content["task"], content["rater"], rows)
    file.write_text(json.dumps(content | {"answers": rows, "check": check}))


@pytest.mark.slow
def test_quotes_and_a_mapping_are_decided_on_pages(command, result, draw, tmp_path):
    code, _, err = command("validate", result, "--kind", "mapping", "--raters", "Ann, Ben")
    assert code == 2
    assert "must be one for mapping" in err
    task = draw("quotes")
    file = answered(tmp_path / "q.json", task, "Ann", lambda _: ["approve"])
    code, out, err = command("validate", result, "--answers", file, "--quiet")
    assert code == 0, err
    n = len(task.items)
    assert out.startswith(f"Quotes: {n} approved of {n} judged.\n")
    quotes = pd.read_csv(read_plan(result).approved)
    assert len(quotes) == n
    assert set(quotes["approved_by"]) == {"Ann"}
    code, _, err = command("validate", result, "--answers", file)
    assert code == 2
    assert "must not be there already" in err
    assert command("validate", result, "--answers", file, "--force")[0] == 0

    task = draw("mapping")
    first = int(task.key["topic"].iloc[0])

    def choose(row):
        return ["none"] if row["topic"] == first else list(row["proposed"]) or ["none"]

    file = answered(tmp_path / "m.json", task, "Ann", choose)
    code, _, err = command("validate", result, "--answers", file)
    assert code == 2  # to differ from the machine needs a reason
    assert "must say why it differs from the machine" in err
    explain(file, "another subject")
    code, out, err = command("validate", result, "--answers", file, "--quiet")
    assert code == 0, err
    assert out.startswith("Mapping: ")
    assert "1 reject" in out.splitlines()[0]
    (said,) = read_manifest(result)["decisions"]
    assert (said["what"], said["who"]) == ("mapping", ["Ann"])
    # The sheets have it, too.
    code, out, _ = command("edits", result, "--csv", "--json", "--quiet")
    sheet = pd.read_csv(json.loads(out)["sheets"][1], dtype=str, keep_default_na=False)
    assert sheet.loc[sheet["topic"] == str(first), "decision"].tolist() == ["reject"]


@pytest.mark.slow
def test_disagreements_are_decided_on_a_page(command, result, draw, tmp_path):
    code, _, err = command("validate", result, "--kind", "adjudication", "--raters", "Ann")
    assert code == 2
    assert "need the codes of two people" in err
    codes = pd.read_csv(result.parent / "codes.csv")
    apart = codes["response_id"].iloc[:3].tolist()
    other = codes.copy()
    other.loc[other["response_id"].isin(apart), "theme"] = "team"
    other.loc[other["response_id"] == apart[0], "theme"] = "pay"
    both = pd.concat([codes.assign(coder="Cas"), other.assign(coder="Dee")])
    both.to_csv(tmp_path / "two.csv", index=False)
    assert command("compare", result, "--codes", tmp_path / "two.csv")[0] == 0
    task = draw("adjudication")
    ids = task.key["response"].tolist()
    assert set(ids) <= set(apart)
    theme = task.choices[1][0]
    file = answered(tmp_path / "a.json", task, "Ann", lambda _: [theme])
    explain(file, "by the codebook", skip=1)
    code, out, err = command("validate", result, "--answers", file, "--quiet")
    assert code == 0, err
    assert out.startswith(f"Gold codes: {150 - len(ids)} agreed, ")
    assert "1 open" in out.splitlines()[0]
    assert "1 response(s) are not in them until they are decided." in out
    plan = read_plan(result)
    assert plan.codes.parent == result / "private" / "validation"
    assert pd.read_csv(plan.codes)["response_id"].nunique() == 149
    trail = next(plan.codes.parent.glob("gold_trail_*.csv"))
    assert set(pd.read_csv(trail)["status"]) == {"agreed", "decided", "open"}
    table = pd.read_csv(result / "tables_private" / "agreement_overall.csv")
    assert set(table["n"]) == {149}
