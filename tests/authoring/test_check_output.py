"""The three forms of `tasklists check`: a terminal with excerpts, JSON with fixed keys, GitHub's commands."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists

KEYS = ["file", "line", "column", "severity", "what", "found", "allowed", "nearest", "corrected", "code"]
SECONDS = 20


def _on_terminal(folder: Path) -> tuple[int, bytes]:
    """Run `tasklists check` with a terminal as its output; return its exit code and all that it wrote."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "engine.cli.main", "check", "--dir", folder.name]
    process = subprocess.Popen(command, cwd=folder.parent, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    written, until = b"", time.monotonic() + SECONDS
    try:
        while time.monotonic() < until:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the far side is closed: that is how a terminal ends on Linux
                break
            if not part:
                break
            written += part
        return process.wait(SECONDS), written
    finally:
        process.kill()
        process.wait(SECONDS)
        os.close(ours)


def _lines(written: bytes) -> list[str]:
    return written.decode().replace("\r\n", "\n").splitlines()


def test_a_terminal_shows_the_line_with_a_caret_under_the_place(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "broken.yaml"
    file.write_text(file.read_text().replace("full_name", "fullname").replace("Welcome", "欢迎 é"))
    code, written = _on_terminal(folder)
    lines = _lines(written)
    assert code == 2
    assert lines[0].startswith("lists/broken.yaml:2:16: there is no fact coworker.fullname")
    assert lines[1] == '    name: "欢迎 é {{ coworker.fullname }}"'
    assert lines[2] == " " * (4 + 15 + 2) + "^"  # each of the two Chinese signs is two columns wide
    assert lines[3] == "checked organisation.yaml and 1 task list: 1 problem, 0 warnings"


def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "broken.yaml"
    file.write_text(file.read_text() + f'    notes: "{"x" * 900} {{{{ coworker.nme }}}} {"y" * 900}"\n')
    _, written = _on_terminal(folder)
    shown, caret = _lines(written)[1:3]
    assert len(shown) == 104
    assert shown[caret.index("^") :].startswith("coworker.nme }} yyy")


@pytest.mark.parametrize("sign", ["\x1b[31m", "\x9b31m", "\x07", "\x85", "\u202e", "\u2066", "\x7f"])
def test_no_control_sign_of_a_file_reaches_the_terminal(sign: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "broken.yaml"
    sound = file.read_text()
    file.write_text(
        sound.replace("full_name", f"full{sign}name") + f'    "key{sign}": x\n    notes: {sign}{{{{ nme }}}}\n'
    )
    (folder / "escaped.yaml").write_text(
        sound.replace("broken", "escaped").replace("full_name", "".join(f"\\u{ord(part):04x}" for part in sign))
    )
    code, written = _on_terminal(folder)
    assert code == 2
    for forbidden in ("\x1b", "\x9b", "\x07", "\x85", "\u202e", "\u2066", "\x7f", "\x00"):
        assert forbidden not in written.decode()
    assert not set(written) & ({*range(32), 127} - {10, 13})


def test_a_pipe_gets_no_excerpt(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text("tasklist: broken\n")
    assert [line.count("broken.yaml") for line in tasklists("check", "--dir", str(folder)).out.splitlines()] == [1, 1]


def test_no_excerpt_is_read_from_a_link_out_of_the_folder(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (tmp_path / "outside.yaml").write_text("canary: 1\n")
    (folder / "broken.yaml").unlink()
    (folder / "broken.yaml").symlink_to(tmp_path / "outside.yaml")
    code, written = _on_terminal(folder)
    assert code == 2
    assert b"leads out of the folder" in written
    assert b"canary" not in written


def test_a_terminal_does_not_hang_on_a_pipe_in_the_folder(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    os.mkfifo(folder / "pipe.yaml")
    code, written = _on_terminal(folder)
    assert code == 2
    assert b"pipe.yaml:1:1: this is no regular file" in written


def test_json_has_the_same_keys_for_every_problem(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "broken.yaml"
    file.write_text(file.read_text() + "    notify_by_email: true\n    respnsible: host\n    when: coworker.activ\n")
    (folder / "sound.yaml").write_text(
        file.read_text().split("    notify")[0].replace("tasklist: broken", "tasklist: sound")
    )
    outcome = tasklists("check", "--dir", str(folder), "--format", "json")
    told = json.loads(outcome.out)
    assert list(told) == ["problems", "lists"]
    assert told["lists"] == ["sound"]
    assert [list(problem) for problem in told["problems"]] == [KEYS] * len(told["problems"])
    assert [(p["line"], p["column"], p["severity"]) for p in told["problems"]] == [
        (4, 5, "warning"),
        (8, 5, "error"),
        (9, 11, "error"),
    ]
    assert told["problems"][2] == {
        "file": f"{folder}/broken.yaml",
        "line": 9,
        "column": 11,
        "severity": "error",
        "what": "there is no fact coworker.activ",
        "found": "'coworker.activ'",
        "allowed": "see `tasklists fields`",
        "nearest": "coworker.active",
        "corrected": "coworker.active",
        "code": "",
    }
    assert (outcome.code, outcome.err) == (2, "")


def test_json_of_a_sound_folder_holds_no_problem(tmp_path: Path) -> None:
    outcome = tasklists("check", "--dir", str(sound_folder(tmp_path)), "--format", "json")
    assert json.loads(outcome.out) == {"problems": [], "lists": ["broken"]}
    assert outcome.code == 0


def test_github_lines_cannot_be_forged_by_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sound_folder(tmp_path)
    file = folder / "broken.yaml"
    file.write_text(
        file.read_text() + '    notify_by_email: "100%\\n::error file=x::forged\\r"\n'
        '    when: "coworker.activ\\n::warning::forged"\n    "a\\n::error::b": x\n'
    )
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "--dir", "lists", "--format", "github")
    lines = outcome.out.splitlines()
    assert [line.split("::")[1] for line in lines] == [
        "error file=lists/broken.yaml,line=7,col=22",
        "error file=lists/broken.yaml,line=8,col=28",
        "error file=lists/broken.yaml,line=9,col=5",
    ]
    assert "100%25" in lines[0]
    assert (outcome.code, outcome.err) == (2, "")


def test_github_path_signs_are_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sound_folder(tmp_path).rename(tmp_path / "a,b:c%d")
    (folder / "broken.yaml").write_text("- x\n")
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "--dir", "a,b:c%d", "--format", "github")
    assert outcome.out == (
        "::error file=a%2Cb%3Ac%25d/broken.yaml,line=1,col=1::a file is a mapping of keys to values\n"
    )
