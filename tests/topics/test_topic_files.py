import json

import numpy as np
import pandas as pd
import pytest

from iapt_topics._base import limits as _limits
from iapt_topics._base.errors import InputError
from iapt_topics.topics.edits import TopicEdit, edit_topics
from iapt_topics.topics.files import load_topics, save_topics
from iapt_topics.topics.new_wave import assign_wave


def same(one, two):
    for name in ("assignments", "topics", "hierarchy", "resolution", "runs", "edits"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(two, name), check_exact=True)
    for name in ("votes", "distribution", "centroids"):
        assert getattr(one, name).dtype == getattr(two, name).dtype
        assert np.array_equal(getattr(one, name), getattr(two, name))
    assert one.config == two.config
    assert one.versions == two.versions


def test_nothing_is_lost(grouped, tmp_path):
    folder = save_topics(tmp_path / "deep" / "topics", grouped.topics)
    same(load_topics(folder), grouped.topics)


def test_edits_are_kept(grouped, tmp_path):
    edit = TopicEdit(action="merge", topics=(0, 1), who="A", why="one matter")
    edited = edit_topics(grouped.topics, [edit], grouped.responses, grouped.embeddings)
    same(load_topics(save_topics(tmp_path / "t", edited)), edited)


def test_a_wave_gets_the_same_topics_after_loading(grouped, tmp_path):
    again = load_topics(save_topics(tmp_path / "t", grouped.topics))
    one, two = (
        assign_wave(t, grouped.responses, grouped.embeddings) for t in (grouped.topics, again)
    )
    pd.testing.assert_frame_equal(one.assignments, two.assignments, check_exact=True)


def test_no_text_of_a_response_is_saved(grouped, tmp_path):
    folder = save_topics(tmp_path / "t", grouped.topics)
    content = b"".join(p.read_bytes() for p in folder.iterdir())
    texts = grouped.responses.kept["text"]
    assert all(t.encode() not in content for t in texts)
    assert not any(p.suffix in {".pkl", ".pickle", ".joblib", ".bin"} for p in folder.iterdir())


def test_saving_again_replaces_the_whole(grouped, tmp_path):
    edit = TopicEdit(action="merge", topics=(0, 1), who="A", why="one matter")
    edited = edit_topics(grouped.topics, [edit], grouped.responses, grouped.embeddings)
    save_topics(tmp_path / "t", grouped.topics)
    save_topics(tmp_path / "t", edited)
    same(load_topics(tmp_path / "t"), edited)
    assert [p.name for p in tmp_path.iterdir()] == ["t"]


def test_what_a_person_put_beside_saved_topics_is_not_lost(grouped, tmp_path):
    save_topics(tmp_path / "t", grouped.topics)
    (tmp_path / "t" / "notes.docx").write_text("what the topics mean")
    with pytest.raises(InputError, match=r"topics alone; got 'notes\.docx'"):
        save_topics(tmp_path / "t", grouped.topics)
    assert (tmp_path / "t" / "notes.docx").read_text() == "what the topics mean"
    same(load_topics(tmp_path / "t"), grouped.topics)


def test_files_are_private_before_they_are_whole(grouped, tmp_path, monkeypatch):
    monkeypatch.setattr("iapt_topics._base.files.private_tree", lambda _: None)
    folder = save_topics(tmp_path / "topics", grouped.topics)
    assert {p.stat().st_mode & 0o077 for p in (folder, *folder.iterdir())} == {0}


def test_another_folder_is_not_touched(grouped, tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(InputError, match="must be new or hold topics"):
        save_topics(tmp_path, grouped.topics)
    assert (tmp_path / "thesis.docx").read_text() == "years of work"


@pytest.mark.parametrize("name", ["arrays.safetensors", "topics.parquet", "topics.json"])
@pytest.mark.parametrize("content", [b"", b"\x80\x04junk", None])
def test_damage_is_named(grouped, tmp_path, name, content):
    file = save_topics(tmp_path / "t", grouped.topics) / name
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(InputError, match="must contain"):
        load_topics(tmp_path / "t")


@pytest.mark.parametrize("name", ["assignments.parquet", "topics.json"])
def test_files_that_are_too_large_are_not_read(grouped, tmp_path, monkeypatch, name):
    file = save_topics(tmp_path / "t", grouped.topics) / name
    if name == "topics.json":
        file.write_text(file.read_text() + 5_000_000 * " ")
    else:
        monkeypatch.setattr(_limits, "MOST_BYTES", 1_000)
    with pytest.raises(
        InputError, match=f"must contain complete saved topics; got .*{name}.* at most"
    ):
        load_topics(tmp_path / "t")


def test_files_of_another_fit_or_format_are_refused(grouped, tmp_path):
    edit = TopicEdit(action="merge", topics=(0, 1), who="A", why="one matter")
    edited = edit_topics(grouped.topics, [edit], grouped.responses, grouped.embeddings)
    one, two = (
        save_topics(tmp_path / "one", grouped.topics), save_topics(tmp_path / "two", edited),
    )  # fmt: skip
    (one / "arrays.safetensors").write_bytes((two / "arrays.safetensors").read_bytes())
    with pytest.raises(InputError, match="files of different fits"):
        load_topics(one)
    content = json.loads((two / "topics.json").read_text())
    (two / "topics.json").write_text(json.dumps(content | {"format": 99}))
    with pytest.raises(InputError, match="format 99"):
        load_topics(two)
