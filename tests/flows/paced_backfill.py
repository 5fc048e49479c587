"""Runs the list for some members with limits in shortened minutes: one of several processes that share a ledger.

    python tests/flows/paced_backfill.py FOLDER WRITES_A_MINUTE SECONDS_A_MINUTE MEMBER...

It waits for a line on standard input before its first call, so that all begin together, and prints what came of it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from paced_account import counted, open_account, run_all, runner_of  # noqa: E402 - they stand one folder up

from engine.authoring.folder import Folder  # noqa: E402
from engine.flows.stopping import Stop  # noqa: E402
from engine.ledger.limits import Limits  # noqa: E402


def main(folder: str, writes: str, seconds: str, *members: str) -> None:
    lists, stop = Folder(Path(folder) / "tasklists", "tasklists"), Stop()
    limits = Limits(int(writes), 0, 0, 0, 0, scale=float(seconds) / 60)
    with open_account(dict(os.environ), lists, limits, stop) as account:
        account.client.me()
        print("ready", flush=True)
        sys.stdin.readline()
        done = run_all(runner_of(account, lists, stop), lists, [int(member) for member in members], 2)
    print(json.dumps(counted(done)))


if __name__ == "__main__":
    main(*sys.argv[1:])
