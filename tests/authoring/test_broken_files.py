"""Broken and hostile files, one mistake each: what `tasklists check` says of them, word for word.

Each `broken/NNN-name.yaml` is the list `broken` of an otherwise sound folder, or its organisation.yaml when the
name begins with `organisation-`. `NNN-name.txt` beside it is the whole output. After a wanted change of the
sentences, `TASKLISTS_BLESS=1 pytest -n 0 tests/authoring` writes the outputs anew; read the difference as the
person would who made the mistake: right line, clear sentence, a correction that can be pasted, nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from authoring_given import HERE, sound_folder, tasklists

FILES = sorted((HERE / "broken").glob("*.yaml"))
ALLOWED_SECONDS = 2


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_a_broken_file_is_refused_in_these_words(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sound_folder(tmp_path)
    name = "organisation.yaml" if "-organisation-" in file.name else "broken.yaml"
    (folder / name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    outcome = tasklists("check", "broken", "--dir", "lists")
    golden = file.with_suffix(".txt")
    if os.environ.get("TASKLISTS_BLESS") == "1":
        golden.write_text(outcome.out, "utf-8")
    assert outcome.out == golden.read_text("utf-8")
    assert outcome.code == 2, outcome
    assert outcome.out.startswith(f"lists/{name}:")
    assert "Traceback" not in outcome.out + outcome.err
    assert outcome.seconds < ALLOWED_SECONDS
