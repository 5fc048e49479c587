"""A signal may come at any line of the waiting itself: it must neither be lost nor lock the process up."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LINES = 30
_WAITS = """
import os, signal, sys
from engine.cli.signals import stop_on_signals
from engine.flows.stopping import Stopped

left = int(sys.argv[1])

def line_by_line(frame, event, _):
    global left
    if frame.f_code.co_filename.endswith(("threading.py", "stopping.py")):
        left -= 1
        if left == 0:
            sys.settrace(None)
            os.kill(os.getpid(), signal.SIGTERM)
    return line_by_line

with stop_on_signals() as stop:
    sys.settrace(line_by_line)
    try:
        stop.sleep(0.01)
        sys.settrace(None)
        if left > 0:
            sys.exit(7)  # the wait has fewer lines than that
        stop.sleep(2)
    except Stopped:
        sys.exit(130)
sys.exit(1)
"""


def test_a_signal_at_any_line_of_a_wait_ends_it() -> None:
    waits = [subprocess.Popen([sys.executable, "-c", _WAITS, str(n)], cwd=ROOT) for n in range(1, LINES + 1)]
    try:
        codes = [process.wait(20) for process in waits]
        assert set(codes) == {130, 7}, "asked at some lines, and at all there are"
        assert codes.index(7) >= 8
        assert codes == sorted(codes, reverse=True)
    finally:
        for process in waits:
            process.kill()
            process.wait()
