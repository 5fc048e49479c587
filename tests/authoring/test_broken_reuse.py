"""Lists that extend, include or overlay wrongly: what `tasklists check` says of them, word for word.

Each `reuse/broken/NNN-name.yaml` is the list `broken` of the folder `reuse/sound`; lines `# --- FILE` begin further
files of it. `NNN-name.txt` beside it is the whole output; `TASKLISTS_BLESS=1` writes it anew, see test_broken_files.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from authoring_given import HERE, tasklists

SOUND = HERE / "reuse" / "sound"
FILES = sorted((HERE / "reuse" / "broken").glob("*.yaml"))
ALLOWED_SECONDS = 2


def folder_with(written: str, tmp_path: Path) -> None:
    """Make the folder `lists` with what a broken file holds."""
    folder = tmp_path / "lists"
    shutil.copytree(SOUND, folder)
    first, *others = re.split(r"^# --- ", written, flags=re.MULTILINE)
    (folder / "broken.yaml").write_text(first)
    for other in others:
        name, _, text = other.partition("\n")
        (folder / name).write_text(text)


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_wrong_reuse_is_refused_in_these_words(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with(file.read_text("utf-8"), tmp_path)
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "broken", "--dir", "lists")
    golden = file.with_suffix(".txt")
    if os.environ.get("TASKLISTS_BLESS") == "1":
        golden.write_text(outcome.out, "utf-8")
    assert outcome.out == golden.read_text("utf-8")
    assert outcome.code == 2, outcome
    assert "Traceback" not in outcome.out + outcome.err
    assert outcome.seconds < ALLOWED_SECONDS


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_the_whole_folder_tells_each_of_them_once(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_with(file.read_text("utf-8"), tmp_path)
    monkeypatch.chdir(tmp_path)
    lines = tasklists("check", "--dir", "lists").out.splitlines()
    assert len(lines) == len(set(lines))
    assert set(file.with_suffix(".txt").read_text("utf-8").splitlines()) <= set(lines)


def test_the_sound_folder_has_nothing_wrong(tmp_path: Path) -> None:
    outcome = tasklists("check", "--dir", str(SOUND))
    assert (outcome.code, outcome.out) == (0, "")
