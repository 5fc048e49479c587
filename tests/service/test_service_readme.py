"""The README's way from a signup to its tasks, command by command as it is pasted; only ports and the wait differ."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox_process import sandbox
from service_process import ROOT, served, until

SECTION = "### From a signup to its tasks"
MEMBER = "José \N{ROCKET}"


def commands() -> list[str]:
    """The lines of the section's blocks, in order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8").split(SECTION)[1].split("\n### ")[0]
    return [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


def test_the_commands_of_the_readme_lead_from_a_signup_to_its_tasks(tmp_path: Path) -> None:
    first, second, *rest = commands()
    assert [first, second] == ["tasklists sandbox", "tasklists serve"]
    shutil.copytree(ROOT / "tasklists", tmp_path / "tasklists")
    with sandbox() as far_side:
        env = far_side.env | far_side.hook_env | {"TASKLISTS_SETTLE_SECONDS": "1"}
        with served(tmp_path, env) as service:
            for line in rest:
                if line.startswith("sleep"):
                    until(lambda: MEMBER in json.dumps(names_of(far_side.commits()), ensure_ascii=False), 40)
                    continue
                words = shlex.split(line.replace("http://127.0.0.1:8080", service.url))
                assert words[0] == "tasklists"
                done = subprocess.run(
                    [sys.executable, "-m", "engine.cli.main", *words[1:]],
                    cwd=tmp_path,
                    env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"} | env,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                )
                assert done.returncode == 0, done.stderr
                last = done.stdout
        assert "new-member" in last
        assert MEMBER not in service.logged()


def names_of(commits: list[dict[str, object]]) -> list[object]:
    return [line["record"]["CoworkerFullName"] for line in commits if isinstance(line["record"], dict)]

