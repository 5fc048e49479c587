"""The long tests at their full figures, one after the other; resumable, with a log.

    python tests/long.py              run what is not done yet, in the foreground
    python tests/long.py --background the same, detached; follow it with: tail -f .long/log
    python tests/long.py --again      forget what is done, and start over
    python tests/long.py --only WORD  only tests whose id holds the word, such as kills or simulation

Each test that passes is written to .long/done, so an interrupted run goes on where it was.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".long"
DONE, LOG = STATE / "done", STATE / "log"


def collected() -> list[str]:
    """Return the ids of all tests marked `long`."""
    found = pytest("--collect-only", "-m", "long", "-n", "0", capture=True)
    return [line for line in found.stdout.splitlines() if "::" in line]


def pytest(*arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", *arguments]
    environ = os.environ | {"TASKLISTS_LONG": "1"}
    if capture:
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    with LOG.open("a") as log:
        return subprocess.run(command, cwd=ROOT, env=environ, stdout=log, stderr=log, text=True, check=False)


def say(line: str) -> None:
    print(line, flush=True)
    with LOG.open("a") as log:
        log.write(line + "\n")


def run() -> int:
    done = set(DONE.read_text().splitlines()) if DONE.exists() else set()
    failed = 0
    word = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else ""
    for test in collected():
        if word not in test:
            continue
        if test in done:
            say(f"done before: {test}")
            continue
        start = time.monotonic()
        code = pytest(test, "-n", "0", "-s").returncode
        say(f"{'passed' if code == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s: {test}")
        if code == 0:
            with DONE.open("a") as file:
                file.write(test + "\n")
        failed += code != 0
    say(f"long tests: {failed} failed")
    return 1 if failed else 0


def main() -> int:
    STATE.mkdir(exist_ok=True)
    if "--again" in sys.argv:
        DONE.unlink(missing_ok=True)
    if "--background" in sys.argv:
        kept = [part for part in sys.argv[1:] if part not in {"--background", "--again"}]
        process = subprocess.Popen(
            [sys.executable, __file__, *kept],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        print(f"started as process {process.pid}; follow it with: tail -f {LOG.relative_to(ROOT)}")
        return 0
    return run()


if __name__ == "__main__":
    sys.exit(main())
