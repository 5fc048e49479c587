"""Files that are no files, too large, too deep or closed to us: refused at once, each in one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from authoring_given import sound_folder, tasklists

HEAD = "tasklist: broken\nname: Welcome\ndefaults: {responsible: front-desk}\n"
ITEM = "items:\n  - id: card\n    name: Hand out the card\n"


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.mkdir()


def _link_out(file: Path) -> None:
    outside = file.parent.parent / "outside.yaml"
    outside.write_text("secret: canary\n")
    file.symlink_to(outside)


def _link_to_itself(file: Path) -> None:
    file.symlink_to(file)


def _link_to_nothing(file: Path) -> None:
    file.symlink_to(file.parent / "gone.yaml")


def _device(file: Path) -> None:
    file.symlink_to("/dev/zero")


def _a_byte_too_large(file: Path) -> None:
    text = HEAD + ITEM
    file.write_text(text + "#" * ((1 << 20) + 1 - len(text)))


def _a_value_too_many(file: Path) -> None:
    # the three keys of HEAD with values, one of them a mapping of one pair, and the last list take 11 nodes
    file.write_text(HEAD + "items: [" + ", ".join(["x"] * 1_990) + "]\n")


def _one_endless_line(file: Path) -> None:
    file.write_text(HEAD + "notes: " + "[" * 500_000)


def _many_brackets_in_a_text(file: Path) -> None:
    file.write_text(HEAD + ITEM + '    when: "' + "(" * 30_000 + '"\n')


def _many_mistakes(file: Path) -> None:
    file.write_text(HEAD + ITEM + "".join(f"    key{number}: x\n" for number in range(900)))


def _endless_colons(file: Path) -> None:
    file.write_text(HEAD + ITEM + "    notes: " + "a: " * 20_000 + "\n")


def _a_long_line_of_mistakes(file: Path) -> None:
    file.write_text(HEAD + ITEM + "    notes: " + "z {{ x }} " * 600 + "y" * 50_000 + "\n")


def _long_keys(file: Path) -> None:
    file.write_text(HEAD + ITEM + "".join(f"    {sign * 400_000}: x\n" for sign in "kl"))


SPECIAL: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (_fifo, "1:1: this is no regular file"),
    "a folder": (_folder, "1:1: this is no regular file"),
    "a link out": (_link_out, "1:1: this is a link that leads out of the folder: put the file itself here"),
    "a link to itself": (_link_to_itself, "1:1: this file cannot be read: Too many levels of symbolic links"),
    "a link to nothing": (_link_to_nothing, "1:1: this link leads to nothing"),
    "a device": (_device, "1:1: this is a link that leads out of the folder: put the file itself here"),
    "a byte too large": (_a_byte_too_large, "1:1: a file holds at most 1 MiB"),
    "a value too many": (_a_value_too_many, "4:5976: a file holds at most 2,000 values"),
    "one endless line": (_one_endless_line, "4:39: values are nested at most 32 deep"),
    "brackets in a text": (_many_brackets_in_a_text, "7:32: this has too many brackets"),
    "many mistakes": (_many_mistakes, "7:5: the key 'key0' is not known here, "),
    "a long line of mistakes": (_a_long_line_of_mistakes, "7:17: there is no fact x"),
    "long keys": (_long_keys, "7:"),
    "endless colons": (_endless_colons, "7:12: a value that holds ': ' is put in quotes"),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_a_hostile_file_is_refused_in_one_sentence(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make, said = SPECIAL[case]
    file = sound_folder(tmp_path) / "broken.yaml"
    file.unlink()
    make(file)
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "broken", "--dir", "lists")
    assert outcome.out.startswith(f"lists/broken.yaml:{said}")
    assert outcome.code == 2
    assert "Traceback" not in outcome.out + outcome.err
    assert "canary" not in outcome.out + outcome.err
    assert outcome.seconds < 2
    assert len(outcome.out) < 300_000


def test_two_thousand_values_are_not_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sound_folder(tmp_path) / "broken.yaml"
    file.write_text(HEAD + "items: [" + ", ".join(["x"] * 1_989) + "]\n")
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "broken", "--dir", "lists")
    assert outcome.out.count("this must be a mapping") == 1_989
    assert outcome.seconds < 2


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_read_says_why(error: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sound_folder(tmp_path)
    real = os.open

    def failing(path: object, *arguments: int, **more: object) -> int:
        if str(path).endswith("broken.yaml"):
            raise error
        return real(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", failing)
    outcome = tasklists("check", "broken", "--dir", str(folder))
    assert outcome.out == f"{folder}/broken.yaml:1:1: this file cannot be read: {error.strerror}\n"
    assert outcome.code == 2


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").rename(folder / "kept.txt")
    (folder / "broken.yaml").symlink_to("kept.txt")
    assert tasklists("check", "broken", "--dir", str(folder)).code == 0


@pytest.mark.parametrize(
    "name", ["../broken", "/etc/passwd", "broken.yaml", "a/b", "a\0b", "", "..", "Broken", "x" * 300]
)
def test_a_name_cannot_leave_the_folder(name: str, tmp_path: Path) -> None:
    outcome = tasklists("check", name, "--dir", str(sound_folder(tmp_path)))
    assert outcome.code == 2
    assert "is no task list's id" in outcome.err
    assert outcome.out == ""


@pytest.mark.parametrize("word", ["extends", "include"])
def test_a_list_named_in_a_file_has_a_name_that_files_can_have(word: str, tmp_path: Path) -> None:
    folder = sound_folder(tmp_path)
    (folder / "broken.yaml").write_text(f"{HEAD}{word}: {'x' * 300}\n{ITEM}")
    outcome = tasklists("check", "broken", "--dir", str(folder))
    assert f"broken.yaml:4:{len(word) + 3}: {word} names a task list" in outcome.out


@pytest.mark.parametrize("since", ["0001-01-01", "9999-12-31"])
def test_a_first_day_of_use_at_the_end_of_time_is_checked_like_any_other(since: str, tmp_path: Path) -> None:
    file = sound_folder(tmp_path) / "organisation.yaml"
    file.write_text(re.sub(r"since: .*", f"since: {since}", file.read_text()))
    assert tasklists("check", "--dir", str(file.parent)).code in {0, 2}


def test_the_installed_command_refuses_a_pipe_without_hanging(tmp_path: Path) -> None:
    file = sound_folder(tmp_path) / "broken.yaml"
    file.unlink()
    os.mkfifo(file)
    command = [sys.executable, "-m", "engine.cli.main", "check", "--dir", "lists"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (2, "lists/broken.yaml:1:1: this is no regular file\n")
    assert "Traceback" not in done.stderr
