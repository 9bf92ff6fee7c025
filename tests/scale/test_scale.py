"""A survey in partitions: the same codes however it is cut, the same drift, nothing lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import SUBJECTS, BagOfWords, survey_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from iapt_topics._base.errors import InputError
from iapt_topics._base.events import Event, ignore
from iapt_topics.agreement.comparison import topic_codes
from iapt_topics.codes.codes import Codes
from iapt_topics.drift.drift import drift_of_sums, measure_drift
from iapt_topics.frame.frame import ThemeFrame
from iapt_topics.frame.theme import Facet, FacetValue, Theme
from iapt_topics.pipeline.run import run_study
from iapt_topics.publish.published import keep_private, publish
from iapt_topics.report.write import write_report
from iapt_topics.scale.collect import collect_study
from iapt_topics.scale.partitions import (
    Scan,
    as_responses,
    code_rows,
    coded_paths,
    count_coded,
    read_rows,
    scan,
)
from iapt_topics.scale.sample import check_scans, draw, take_rows
from iapt_topics.scale.scale import _columns, _fit, _join, scale_study
from iapt_topics.scale.stability import sample_stability
from iapt_topics.stats.share_model import sum_up
from iapt_topics.survey.responses import Responses, load_responses
from iapt_topics.topics.topics import TopicConfig

FRAME = ThemeFrame(
    name="subjects",
    themes=tuple(
        Theme(id=name, label=name.title(), definition=f"About the {name}", examples=(text,))
        for name, text in list(SUBJECTS.items())[:4]
    ),
)
CONFIG = TopicConfig(seed=3, n_runs=2)
DRIFT = ("shares", "changes", "trends", "changepoints", "distances", "sources")


class SlowBag(BagOfWords):
    """Takes long enough over a partition for a worker to be killed at it."""

    def encode(self, texts):
        time.sleep(0.4)
        return super().encode(texts)


@pytest.fixture(scope="module")
def table():
    """150 responses of 74 people, who lie in several partitions if it is cut by rows."""
    rows = survey_rows().rename(columns={"comment": "text", "person": "respondent_id"})
    rows["respondent_id"] = [f"p{i % 74}" for i in range(150)]
    rows.loc[7, "text"] = "n/a"
    return rows.astype({"year": "int64"})


def cut(table, folder, parts=3):
    folder.mkdir()
    for i in range(parts):
        table.iloc[i::parts].to_parquet(folder / f"part-{i}.parquet", index=False)
    return folder


def cut_in_order(table, folder, parts=3):
    """Files that together have the rows in the order of their ids, as the sample has them.

    Of texts that say the same, the order decides which are the nearest, by a few thousandths.
    """
    folder.mkdir()
    rows = table.sort_values("response_id", ignore_index=True)
    for i, at in enumerate(np.array_split(np.arange(len(rows)), parts)):
        rows.iloc[at].to_parquet(folder / f"part-{i}.parquet", index=False)
    return folder, rows


def whole(table, **more):
    return load_responses(
        table, text="text", year="year", respondent="respondent_id", response="response_id", **more
    )


def same_drift(one, other):
    for name in DRIFT:
        pd.testing.assert_frame_equal(
            getattr(one, name), getattr(other, name), rtol=0, atol=1e-9, obj=name
        )
    assert (one.years, one.baseline, one.themes, one.coder) == (
        other.years, other.baseline, other.themes, other.coder,
    )  # fmt: skip


@pytest.fixture(scope="module")
def client():
    from distributed import Client

    with Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as client:
        yield client


# The sample


@st.composite
def ids(draw_):
    n = draw_(st.integers(1, 60))
    cells = st.lists(st.integers(0, 8), min_size=n, max_size=n)
    person = np.array(draw_(cells), dtype=np.uint64)
    year = np.array(draw_(cells), dtype=np.int64) % 3
    response = np.array(draw_(st.permutations(range(n))), dtype=np.uint64)
    return person, response, year


@given(ids(), st.integers(1, 60), st.randoms())
@settings(max_examples=60)
def test_a_sample_does_not_depend_on_the_order_of_rows_and_smaller_ones_are_in_it(rows, size, rng):
    person, response, year = rows
    drawn = set(response[draw(person, response, year, size)])
    moved = list(range(len(year)))
    rng.shuffle(moved)
    again = [x[moved] for x in (person, response, year)]
    assert set(again[1][draw(*again, size)]) == drawn
    assert set(response[draw(person, response, year, max(1, size // 2))]) <= drawn


def test_each_year_gives_its_part_and_everyone_answers_before_anyone_answers_twice():
    rng = np.random.default_rng(1)
    year = np.repeat([2016, 2017], [600, 200])
    person = np.where(rng.random(800) < 0.5, 0, np.arange(800)).astype(np.uint64)
    rows = draw(person, rng.permutation(800).astype(np.uint64), year, 80)
    assert np.bincount(year[rows] - 2016).tolist() == [60, 20]
    assert (person[rows] == 0).sum() == 2  # one of each year, though half of all rows are theirs


def test_a_sample_larger_than_the_survey_is_the_survey():
    assert draw(*(np.zeros(3, dtype=np.uint64) for _ in range(3)), 5).tolist() == [0, 1, 2]


def test_a_row_has_the_status_in_the_sample_that_it_has_in_its_partition(table, tmp_path):
    """A copy whose original is not drawn is a copy, as it is in the coded file."""
    rows = table.copy()
    rows.loc[3::6, "text"] = rows["text"][2::6].to_numpy()
    rows.loc[3::6, ["respondent_id", "year"]] = rows.loc[2::6, ["respondent_id", "year"]].to_numpy()
    rows = rows.astype({"year": "int64"})
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, at in zip(paths, (slice(0, 60), slice(60, None)), strict=True):
        rows.iloc[at].to_parquet(path, index=False)
    scans = [scan(p, None, (), 1) for p in paths]
    drawn = take_rows(paths, scans, np.arange(150)[1::2], None, ()).table
    status = pd.concat(as_responses(read_rows(p, None, ()), "").table for p in paths)
    status = status.set_index("response_id")["status"].loc[drawn["response_id"]]
    assert (status == "duplicate").sum() > 10
    assert drawn["status"].tolist() == status.tolist()


# One partition


@pytest.mark.slow
def test_codes_do_not_depend_on_what_else_is_in_the_partition(table, encoder, tmp_path):
    sample = whole(table.iloc[::3])
    model, *_ = _fit(sample, FRAME, encoder, CONFIG, None, ("subject",), tmp_path, lambda _: None)
    path = tmp_path / "all.parquet"
    table.to_parquet(path, index=False)
    rows = read_rows(path, None, ("subject",))
    before = rows.copy()
    coded = code_rows(rows, "all", model)
    pd.testing.assert_frame_equal(rows, before)
    alone = [code_rows(rows.iloc[i::40].reset_index(drop=True), "part", model) for i in range(40)]
    for name, key in (("parts", ["response_id"]), ("codes", ["response_id", "theme"])):
        one = getattr(coded, name).drop(columns="copy_of", errors="ignore")  # within a file alone
        other = pd.concat(getattr(a, name) for a in alone).set_index(key)
        other = other.loc[pd.MultiIndex.from_frame(one[key]) if key[1:] else one[key[0]]]
        other = other.reset_index()[list(one.columns)]
        # Of texts of the sample that are equally near, rounding decides which are the nearest.
        near = 1e-6 if name == "parts" else 2e-3
        pd.testing.assert_frame_equal(one, other, rtol=0, atol=near)
    together = coded.parts
    assert "text" not in together
    assert together["status"].value_counts().to_dict() == {"kept": 149, "non_answer": 1}
    assert together.filter(like="theme ").to_numpy()[together["status"] == "kept"].mean() > 0.1
    assert not together.filter(like="theme ").to_numpy()[7].any()
    kept = together[together["status"] == "kept"]
    assert kept["support"].between(0, 1).all()
    assert not kept["cosine"].isna().any()


@pytest.mark.parametrize("weighted", [False, True])
def test_sums_of_partitions_give_the_drift_of_the_whole(tmp_path, weighted):
    rng = np.random.default_rng(5)
    n = 400
    given = rng.random((n, 2)) < (0.3, 0.05)
    coded = pd.DataFrame(
        {
            "response_id": [f"r{i}" for i in range(n)],
            "respondent_id": [f"p{i}" for i in rng.integers(0, 150, n)],
            "year": rng.integers(2012, 2021, n),
            "status": np.where(rng.random(n) < 0.9, "kept", "blank"),
            "topic": rng.integers(-1, 3, n),
            "novel": rng.random(n) < 0.1,
            "theme a": given[:, 0],
            "theme b": given[:, 1],
        }
    )
    if weighted:
        coded["weight"] = rng.uniform(0.2, 5, n)
    kept = (coded["status"] == "kept").to_numpy()
    place, theme = np.nonzero(given & kept[:, None])
    codes = Codes(
        coder="machine", kind="machine", themes=("a", "b"),
        seen=coded.loc[kept, ["response_id", "respondent_id"]],
        table=pd.DataFrame({"response_id": coded["response_id"].iloc[place].to_numpy(),
                            "theme": np.array(["a", "b"])[theme], "score": 1.0}),
    )  # fmt: skip
    responses = Responses(table=coded.assign(question="", text="x"), source="table")
    counted = []
    for i in range(5):
        path = tmp_path / f"{i}.parquet"
        coded.iloc[i::5].to_parquet(path, index=False)
        counted.append(count_coded(path, ["a", "b"], 3, weighted=weighted))
    cells, years = _join(counted, weighted=weighted)
    found = drift_of_sums(
        sum_up(_columns(cells, slice(2))), ("a", "b"), years,
        weighted=weighted, baseline=2014, coder="machine", n_boot=50, seed=2,
    )  # fmt: skip
    same_drift(found, measure_drift(codes, responses, baseline=2014, n_boot=50, seed=2))
    topics = _columns(cells, slice(2, 5))
    assert topics.count.sum() == (kept & (coded["topic"] >= 0)).sum()
    assert cells.count[:, 5].sum() == (kept & coded["novel"]).sum()


@pytest.mark.parametrize(
    "other",
    [
        {
            "frame": replace(
                FRAME, themes=(*FRAME.themes[:3], replace(FRAME.themes[3], include="x"))
            )
        },
        {"config": replace(CONFIG, min_support=0.1)},
        {"covariates": ("subject",)},
    ],
)
def test_results_are_named_by_every_setting(table, encoder, tmp_path, other):
    given = {
        "sample": whole(table.iloc[:38]), "frame": FRAME, "encoder": encoder, "config": CONFIG,
        "question": None, "covariates": (), "out": tmp_path, "on_event": ignore,
    }  # fmt: skip
    *_, key = _fit(**given)
    assert _fit(**given)[-1] == key
    assert _fit(**given | other)[-1] != key


# The whole


def test_with_the_whole_survey_as_sample_it_is_the_study_of_one_machine(
    table, encoder, client, tmp_path
):
    survey = cut(table, tmp_path / "in")
    stages = []
    found = scale_study(
        survey, FRAME, encoder, tmp_path / "out", cluster=client, config=CONFIG, n_boot=20,
        covariates=("subject",), on_event=stages.append,
    )  # fmt: skip
    responses = whole(table)
    study = run_study(responses, FRAME, encoder, config=CONFIG)
    same_drift(found.drift, measure_drift(study.codes, responses, seed=3, n_boot=20))
    topics = topic_codes(study.topics, responses)
    same_drift(found.topic_drift, measure_drift(topics, responses, seed=3, n_boot=20))
    ledger = responses.ledger.drop(columns="question")
    pd.testing.assert_frame_equal(found.ledger, ledger.astype(found.ledger.dtypes))
    assert found.novelty["n"].sum() == 149
    assert "several partitions" in found.notes[0]
    assert not found.partitions["found"].any()
    assert Event("stage", "Coding 3 partitions") in stages

    files = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*")}
    if os.name == "posix":  # ids and codes of single responses, for this account alone
        coded = [tmp_path / "out" / "parts", *map(Path, found.partitions["file"])]
        assert not [p for p in coded if p.stat().st_mode & 0o077]
    again = scale_study(
        survey, FRAME, encoder, tmp_path / "out", cluster=client, config=CONFIG, n_boot=20,
        covariates=("subject",), on_event=stages.append,
    )  # fmt: skip
    assert again.partitions["found"].all()
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*")} == files
    same_drift(again.drift, found.drift)

    changed, bare = (Path(f) for f in again.partitions["file"][:2])
    rows = pd.read_parquet(changed)
    rows.assign(topic=0).to_parquet(changed, index=False)
    (tmp_path / "out" / "records" / f"{bare.name}.json").unlink()
    with pytest.warns(UserWarning, match="coded rows are made again") as warned:
        once_more = scale_study(
            survey, FRAME, encoder, tmp_path / "out", cluster=client, config=CONFIG, n_boot=20,
            covariates=("subject",),
        )  # fmt: skip
    said = "\n".join(str(w.message) for w in warned)
    assert f"{changed.name} has changed since it was written" in said
    assert f"{bare.name}: there is no record" in said
    assert once_more.partitions["found"].tolist() == [False, False, True]
    pd.testing.assert_frame_equal(pd.read_parquet(changed), rows)
    same_drift(once_more.topic_drift, found.topic_drift)


def with_poles(frame):
    """The frame with its first two themes as poles, and a facet."""
    values = tuple(FacetValue(id=i, label=i, definition=SUBJECTS[i]) for i in ("team", "pay"))
    facet = Facet(id="role", label="Role", definition="", values=values)
    return replace(frame, axis=tuple(t.id for t in frame.themes[:2]), facets=(facet,))


@pytest.fixture(scope="module")
def collected(table, client, tmp_path_factory):
    """A survey in partitions whose sample is all of it, and the study of one machine."""
    folder, encoder = tmp_path_factory.mktemp("collected"), BagOfWords()
    survey, rows = cut_in_order(table, folder / "in")
    frame = with_poles(FRAME)
    one = whole(rows, covariates=["subject"])
    human = Codes(
        coder="A", kind="human", themes=tuple(t.id for t in frame.codable),
        seen=one.kept.loc[::2, ["response_id", "respondent_id"]],
        table=pd.DataFrame({"response_id": one.kept["response_id"][::2],
                            "theme": one.kept["subject"][::2], "score": np.nan})
        .query("theme != 'pay'"),
    )  # fmt: skip
    scaled = scale_study(
        survey, frame, encoder, folder / "out", cluster=client, config=CONFIG,
        covariates=("subject",),
    )  # fmt: skip
    study = run_study(one, frame, encoder, config=CONFIG, human=[human])
    return scaled, collect_study(scaled, human=[human]), study


def test_a_collected_survey_has_the_tables_of_one_machine(collected):
    _, found, study = collected
    assert list(found.tables) == list(study.tables)
    assert {"axis_shares", "facet_years", "agreement_themes", "error_by_year"} < set(study.tables)
    for name, table in study.tables.items():
        # Scores are of vectors of single precision, which a matrix of other rows rounds otherwise.
        near = 1e-5 if name.startswith("machine_") else 1e-9
        if name != "survey_findings":  # copies of others' texts are looked for within a file
            pd.testing.assert_frame_equal(found.tables[name], table, rtol=0, atol=near, obj=name)
    pd.testing.assert_frame_equal(
        found.responses.table.drop(columns="copy_of"),
        study.responses.table.drop(columns="copy_of"),
    )
    assert "several partitions" in found.responses.findings["done"][0]
    assert found.about.settings == study.about.settings


def test_a_collected_survey_ends_in_the_same_two_reports(collected, tmp_path):
    _, *both = collected
    both = [replace(s, responses=replace(s.responses, source="survey")) for s in both]
    for make in (publish, keep_private):
        pages = []
        for number, study in enumerate(both):
            version = make(study)
            tables = {k: v for k, v in version.tables.items() if k != "survey_findings"}
            version = replace(version, tables=tables)
            pages.append(write_report(tmp_path / f"{number}.html", version).read_text("utf-8"))
        assert pages[0] == pages[1]


def test_a_file_that_changed_is_not_collected(collected):
    scaled, *_ = collected
    rows = scaled.partitions
    other = replace(scaled, partitions=rows.assign(sha256=["0", *rows["sha256"][1:]]))
    with pytest.raises(InputError, match=r"partition 'part-0.parquet' must be as it was"):
        collect_study(other)
    moved = replace(scaled, partitions=rows.assign(source=["nowhere", *rows["source"][1:]]))
    with pytest.raises(InputError, match=r"partition 'nowhere' must be as it was .* got none"):
        collect_study(moved)
    codes = Path(rows["file"][0]).parents[1] / "codes" / Path(rows["file"][0]).name
    kept = codes.read_bytes()
    try:
        codes.unlink()
        with pytest.raises(InputError, match=r"coded rows of partition 'part-0.parquet' must"):
            collect_study(scaled)
    finally:
        codes.write_bytes(kept)


def test_codes_of_another_survey_are_not_compared(collected):
    scaled, *_ = collected
    seen = pd.DataFrame({"response_id": ["x"], "respondent_id": ["y"]})
    table = pd.DataFrame({"response_id": ["x"], "theme": ["team"], "score": [np.nan]})
    human = Codes(coder="A", kind="human", themes=("team",), seen=seen, table=table)
    with pytest.raises(InputError, match="codes of 'A' must be for responses of this survey"):
        collect_study(scaled, human=[human])


def test_a_partition_without_a_codable_response_is_coded_and_collected(
    table, encoder, client, tmp_path
):
    survey, rows = cut_in_order(table, tmp_path / "in")
    blank = rows[:2].assign(response_id=["zz1", "zz2"], respondent_id="nobody", text="n/a")
    blank.to_parquet(survey / "part-9.parquet", index=False)
    scaled = scale_study(
        survey, with_poles(FRAME), encoder, tmp_path / "out", cluster=client, config=CONFIG,
        n_boot=20,
    )  # fmt: skip
    found = collect_study(scaled, n_boot=20)
    assert len(found.responses.table) == 152
    assert found.responses.table["status"].iloc[-2:].tolist() == ["non_answer"] * 2
    assert len(found.topics.assignments) == 149
    assert found.codes.evidence["start"].dtype == np.int64
    assert found.facets["sentence"].dtype == np.int64


def test_topics_of_a_sample_are_said_to_be_so(table, encoder, client, tmp_path):
    survey = cut(table, tmp_path / "in")
    scaled = scale_study(
        survey, FRAME, encoder, tmp_path / "out", cluster=client, sample=80, config=CONFIG,
        n_boot=20,
    )  # fmt: skip
    found = collect_study(scaled)
    rows = found.topics.assignments
    assert len(rows) == 149
    assert found.topics.topics["n"].sum() + (rows["topic"] < 0).sum() == 149
    assert np.allclose(found.topics.distribution.sum(axis=1), 1)
    coded = pd.concat(pd.read_parquet(f) for f in scaled.partitions["file"])
    coded = coded[coded["status"] == "kept"].set_index("response_id").loc[rows["response_id"]]
    assert (coded["topic"].to_numpy() == rows["topic"].to_numpy()).all()
    fitted = scaled.topics.assignments.set_index("response_id")
    pd.testing.assert_frame_equal(rows.set_index("response_id").loc[fitted.index], fitted)
    shares = found.tables["drift_shares"]
    pd.testing.assert_frame_equal(shares[[*scaled.drift.shares]], scaled.drift.shares)
    # A quote is a sentence of the text that is read again from its file.
    texts = found.responses.table.set_index("response_id")["text"]
    for row in found.codes.evidence.itertuples():
        assert texts[row.response_id][row.start : row.end].strip()
    assert ("Topics fitted to", "a sample of about 80 responses") in found.about.settings
    page = write_report(tmp_path / "r.html", keep_private(found)).read_text("utf-8")
    assert "Topics were fitted to a sample of about 80 responses: every other" in page


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(table, tmp_path):
    from distributed import Client, LocalCluster

    survey, parts = cut(table, tmp_path / "in", 12), tmp_path / "out" / "parts"
    killed = []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):

        def kill():
            while len(list(parts.glob("*.parquet"))) < 3:
                time.sleep(0.05)
            pid = next(iter(cluster.workers.values())).process.pid
            os.kill(pid, signal.SIGKILL)
            killed.append((pid, len(list(parts.glob("*.parquet")))))

        threading.Thread(target=kill, daemon=True).start()
        found = scale_study(
            survey, FRAME, SlowBag(), tmp_path / "out", cluster=client, config=CONFIG, n_boot=20
        )
    assert killed
    assert 3 <= killed[0][1] < 12
    assert killed[0][0] not in set(found.partitions["process"].iloc[-1:])
    assert len(found.partitions) == 12
    assert len(list(parts.iterdir())) == 12  # no piece of a file is left
    responses = whole(table)
    study = run_study(responses, FRAME, BagOfWords(), config=CONFIG)
    same_drift(found.drift, measure_drift(study.codes, responses, seed=3, n_boot=20))


def start(folder, *command):
    """A part of a Dask cluster as a process of its own, which can import these tests' encoders."""
    here = Path(__file__).parent
    path = os.pathsep.join(map(str, (here, here.parent, here.parents[1])))
    return subprocess.Popen(
        [sys.executable, "-m", *command, "--no-dashboard"],
        env=os.environ | {"PYTHONPATH": path}, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip


def wait_until(there, seconds=60):
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_scheduler_loses_nothing(table, client, tmp_path):
    import dask

    survey, parts = cut(table, tmp_path / "in", 12), tmp_path / "out" / "parts"
    told, began = tmp_path / "scheduler.json", time.monotonic()
    settings = {"config": CONFIG, "n_boot": 20}
    host = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
    scheduler = start(tmp_path, "distributed.cli.dask_scheduler", *host)
    started = [scheduler]

    def kill():
        wait_until(lambda: len(list(parts.glob("*.parquet"))) >= 3)
        scheduler.kill()

    try:
        wait_until(told.exists)
        of_worker = ("--nthreads", "1", "--no-nanny", "--scheduler-file", str(told))
        started += [start(tmp_path, "distributed.cli.dask_worker", *of_worker) for _ in range(2)]
        address = json.loads(told.read_text())["address"]
        threading.Thread(target=kill, daemon=True).start()
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "3s"}),
            pytest.raises(InputError, match=r"nothing that was done is lost.*finds these files"),
        ):
            scale_study(survey, FRAME, SlowBag(), tmp_path / "out", cluster=address, **settings)
        assert time.monotonic() - began < 120
        with (
            dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
            pytest.raises(InputError, match="address of a scheduler that runs"),
        ):
            scale_study(survey, FRAME, SlowBag(), tmp_path / "out", cluster=address, **settings)
    finally:
        for process in started:
            process.kill()
            process.wait()
    done = {p.name for p in parts.glob("*.parquet")}
    assert 3 <= len(done) < 12
    found = scale_study(survey, FRAME, SlowBag(), tmp_path / "out", cluster=client, **settings)
    again = found.partitions.loc[found.partitions["found"], "file"]
    assert {Path(f).name for f in again} == done
    unbroken = scale_study(
        survey, FRAME, SlowBag(), tmp_path / "unbroken", cluster=client, **settings
    )
    same_drift(found.drift, unbroken.drift)
    same_drift(found.topic_drift, unbroken.topic_drift)
    for one, other in zip(found.partitions["file"], unbroken.partitions["file"], strict=True):
        for a, b in zip(coded_paths(Path(one)), coded_paths(Path(other)), strict=True):
            assert a.read_bytes() == b.read_bytes()


@pytest.mark.slow
def test_the_stability_of_a_sample_is_told_by_size(table, encoder, tmp_path):
    found = sample_stability(
        cut(table, tmp_path / "in"), encoder, sizes=(36, 20), probe=25, config=CONFIG
    )
    assert found[["size", "between"]].to_numpy().tolist() == [
        [20, "halves"], [20, "largest"], [36, "halves"], [36, "largest"]
    ]  # fmt: skip
    assert found["estimate"].between(found["low"], found["high"]).all()
    assert found["estimate"].iloc[2] == found["estimate"].iloc[3]  # the same two fits
    assert (found["n"] <= 25).all()
    with pytest.raises(InputError, match="rows of a half"):
        sample_stability(tmp_path / "in", encoder, sizes=(1000,))


# Hostile input


def scan_of(**more):
    ids = np.arange(3, dtype=np.uint64)
    return Scan(*({"digest": "", "person": ids, "response": ids, "year": np.full(3, 2016),
                   "questions": (), "weighted": False} | more).values())  # fmt: skip


def test_what_cannot_be_measured_over_partitions_is_refused():
    other = np.arange(3, 6, dtype=np.uint64)
    assert check_scans([scan_of(), scan_of(response=other, person=other)], "ab") == ()
    assert "3 respondents" in check_scans([scan_of(), scan_of(response=other)], "ab")[0]
    with pytest.raises(InputError, match="3 rows that repeat"):
        check_scans([scan_of(), scan_of()], "ab")
    with pytest.raises(InputError, match="must be one; got 'A', 'B'"):
        check_scans([scan_of(questions=("A",)), scan_of(response=other, questions=("B",))], "ab")
    with pytest.raises(InputError, match="in every partition or in none; got none in 'a'"):
        check_scans([scan_of(), scan_of(response=other, weighted=True)], "ab")
    with pytest.raises(InputError, match="must have a row"):
        check_scans([scan_of(person=other[:0], response=other[:0], year=other[:0])], "a")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"year": [2016.5]}, "column 'year'.*whole numbers"),
        ({"text": [3]}, "column 'text'.*must be text"),
        ({"response_id": [""]}, "column 'response_id'.*empty cell"),
        ({"weight": [0.0]}, "column 'weight'.*above 0"),
    ],
)
def test_a_partition_is_read_as_it_is_or_refused(tmp_path, change, said):
    good = {"response_id": ["a"], "respondent_id": [None], "year": [2016], "text": [None]}
    path = tmp_path / "p.parquet"
    pd.DataFrame(good).to_parquet(path)
    rows = read_rows(path, None, ())
    assert rows.iloc[0].to_dict() == {
        "response_id": "a", "respondent_id": "row:a", "year": 2016, "text": ""
    }  # fmt: skip
    pd.DataFrame(good | change).to_parquet(path)
    with pytest.raises(InputError, match=said):
        read_rows(path, None, ())


def test_a_file_that_is_no_partition_is_named(tmp_path):
    path = tmp_path / "p.parquet"
    path.write_bytes(b"no")
    with pytest.raises(InputError, match=r"partition 'p.parquet' must be a Parquet file"):
        read_rows(path, None, ())
    pd.DataFrame({"response_id": ["a"]}).to_parquet(path)
    with pytest.raises(InputError, match="must have a column 'respondent_id'"):
        read_rows(path, None, ())


def test_a_question_is_held_fixed(tmp_path):
    path = tmp_path / "p.parquet"
    pd.DataFrame(
        {"response_id": ["a", "b"], "respondent_id": ["p", "p"], "year": [2016, 2016],
         "text": ["x y", "z w"], "question": ["A", "B"]}
    ).to_parquet(path)  # fmt: skip
    assert read_rows(path, "B", ())["response_id"].tolist() == ["b"]


def test_no_partition_and_no_dask_are_told(tmp_path, encoder, monkeypatch):
    with pytest.raises(InputError, match="must be Parquet files"):
        scale_study(tmp_path, FRAME, encoder, tmp_path / "out")
    monkeypatch.setitem(sys.modules, "distributed", None)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(InputError, match=r"iapt-topics\[scale\]"):
        scale_study(tmp_path, FRAME, encoder, tmp_path / "out")


def test_errors_of_the_survey_are_told(table, encoder, client, tmp_path):
    survey = cut(table, tmp_path / "in")
    with pytest.raises(InputError, match="baseline must be a year with coded responses; got 1999"):
        scale_study(survey, FRAME, encoder, tmp_path / "o", cluster=client, baseline=1999)
    with pytest.raises(InputError, match="sample must be at least 2"):
        scale_study(survey, FRAME, encoder, tmp_path / "o", sample=1)
    table.iloc[:2].to_parquet(survey / "more.parquet", index=False)
    with pytest.raises(InputError, match="must be unique over all partitions"):
        scale_study(survey, FRAME, encoder, tmp_path / "o", cluster=client)
