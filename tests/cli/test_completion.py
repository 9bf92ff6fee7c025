"""Commands and options are completed by the shells that --install-completion knows."""

from __future__ import annotations

import pytest
import typer

from iapt_topics import cli

NAMES = tuple(typer.main.get_command(cli.app).commands)  # type: ignore[attr-defined]


@pytest.fixture
def complete(monkeypatch, capsys):
    def complete(shell, *words):
        monkeypatch.setenv("_IAPT_TOPICS_COMPLETE", f"complete_{shell}")
        line = " ".join(("iapt-topics", *words))
        if shell == "bash":
            monkeypatch.setenv("COMP_WORDS", line)
            monkeypatch.setenv("COMP_CWORD", str(len(words)))
        else:
            monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
            monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        monkeypatch.setattr("sys.argv", ["iapt-topics"])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert stop.value.code in (0, None)
        return capsys.readouterr().out

    return complete


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_and_options_are_completed(complete, shell):
    said = complete(shell, "w")
    assert "wave" in said
    assert "withdraw" in said
    assert "edits" not in said
    assert "--decisions" in complete(shell, "edits", "--dec")


def test_every_command_is_completed(complete):
    assert set(complete("bash", "").split()) == set(NAMES)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_can_be_shown(monkeypatch, capsys, shell):
    monkeypatch.setenv("_IAPT_TOPICS_COMPLETE", f"source_{shell}")
    monkeypatch.setattr("sys.argv", ["iapt-topics"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code in (0, None)
    assert "_IAPT_TOPICS_COMPLETE" in capsys.readouterr().out
