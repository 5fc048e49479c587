"""At a terminal, and with signals: the question, the answer, the interruption, and what the screen is sent."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest
from given_account import ASHLEY, ESCAPES, Account

_SECONDS = 30
_SILENT = 15
"""Waits of 0.2 s without a word: then a key was lost."""

CTRL_C = b"\x03"


def _take_the_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _at_terminal(account: Account, *arguments: object, typed: bytes = b"", asks: bytes = b"?", **env: str) -> tuple:
    """Run at a terminal of its own; type once it asks. Return the exit code and all that the screen was sent."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        account.command(*arguments),
        cwd=account.folder,
        env=account.whole_env(TERM="xterm", COLUMNS="100", **env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_the_terminal,  # noqa: PLW1509  a typed Ctrl-C has to become a signal; no threads here
    )
    os.close(theirs)
    seen, sent, silent, deadline = b"", b"", 0, time.monotonic() + _SECONDS
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.2)[0]:
                if process.poll() is not None:
                    break
                silent += 1
                if (
                    sent == CTRL_C and silent == _SILENT
                ):  # one that comes just before the line is read is noticed only with the next key
                    os.write(ours, sent)
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            seen, silent = seen + part, 0
            if typed and asks in seen:
                os.write(ours, typed)
                typed, sent = b"", typed
        return process.wait(_SECONDS), seen
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)


@pytest.mark.parametrize("answer", [b"n\n", b"\n"])
def test_a_declined_question_is_exit_0_and_nothing_is_done(account: Account, answer: bytes):
    code, seen = _at_terminal(
        account, "run", "new-member", "--coworker", ASHLEY, typed=answer, asks=b"changes in Nexudus?"
    )
    assert (code, b"nothing was done" in seen) == (0, True)
    assert b"Make these 3 changes in Nexudus?" in seen
    assert b"would create" in seen
    assert account.posts() == []


def test_an_accepted_question_makes_the_tasks(account: Account):
    code, seen = _at_terminal(
        account, "run", "new-member", "--coworker", ASHLEY, typed=b"y\n", asks=b"changes in Nexudus?"
    )
    assert (code, b"3 created" in seen) == (0, True)
    assert len(account.commits()) == 3
    code, seen = _at_terminal(account, "run", "new-member", "--coworker", ASHLEY)
    assert (code, b"3 kept" in seen, b"?" in seen) == (0, True, False)


def test_a_missing_input_is_asked_for_with_its_prompt(account: Account):
    account.edit("new-member", "anchor:", "inputs: {out: {type: date, prompt: When do they leave}}\nanchor:")
    account.edit("new-member", "items:\n", "items:\n  - {id: tea, name: Tea, due: on inputs.out}\n")
    code, seen = _at_terminal(
        account, "preview", "new-member", "--coworker", ASHLEY, typed=b"2026-12-09\n", asks=b"leave"
    )
    assert code == 0
    assert b"2026-12-09" in seen.partition(b"leave")[2]


@pytest.mark.parametrize("command", ["preview", "run", "status"])
def test_a_members_control_signs_never_reach_the_screen(account: Account, command: str):
    name = "\x1b[31mRed\x07 \x9b2J Adler \x1b]0;title\x07"
    account.far_side.put_record("coworkers", ESCAPES, FullName=name)
    arguments: list[object] = [command, "new-member", "--coworker", ESCAPES]
    if command == "run":
        arguments.append("--yes")
    if command == "status":
        assert account.run(coworker=ESCAPES).code == 0
        arguments.remove("new-member")
    code, seen = _at_terminal(account, *arguments)
    assert code == 0
    ours = re.sub(rb"\x1b\[(0|1|2|3|22|23|0;1|1;0)?m|\r\x1b\[K", b"", seen)  # bold headings, and the progress line
    assert b"\x1b" not in ours
    assert b"\x07" not in ours
    assert "\x9b" not in ours.decode()
    if command != "status":
        assert b"<1B>" in ours


def test_ctrl_c_at_the_question_is_exit_130_and_nothing_is_done(account: Account):
    code, seen = _at_terminal(
        account, "run", "new-member", "--coworker", ASHLEY, typed=CTRL_C, asks=b"changes in Nexudus?"
    )
    assert (code, b"interrupted: nothing is lost" in seen, b"Traceback" in seen) == (130, True, False)
    assert account.posts() == []


def _run_that_hangs_after_a_commit(account: Account) -> subprocess.Popen[bytes]:
    """A run in its own process, caught while its first task is made and not yet answered."""
    account.far_side.set_fault("hang-after-commit", "1x:coworkertasks")
    process = subprocess.Popen(
        account.command("run", "new-member", "--coworker", ASHLEY, "--yes"),
        cwd=account.folder,
        env=account.whole_env(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline = time.monotonic() + _SECONDS
    while not account.commits() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def test_ctrl_c_in_the_middle_keeps_what_was_made_and_the_next_run_goes_on(account: Account):
    process = _run_that_hangs_after_a_commit(account)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=_SECONDS)
    assert process.returncode == 130
    assert b"interrupted: nothing is lost" in err
    assert b"Traceback" not in err
    assert len(account.commits()) == 3
    assert account.cli("status", "--coworker", ASHLEY).code == 3
    account.far_side.clear_faults()
    done = account.run("--wait", TASKLISTS_QUIET_SECONDS="0.5")
    assert sorted(done.outcomes.values()) == ["adopted", "kept", "kept"]
    assert len(account.commits()) == len(set(account.names())) == 3


def test_a_killed_run_is_finished_by_the_next_one_without_a_double(account: Account):
    process = _run_that_hangs_after_a_commit(account)
    process.kill()
    process.communicate(timeout=_SECONDS)
    account.far_side.clear_faults()
    first = account.run()
    assert (first.code, "another process is working on coworker" in first.err) == (3, True)
    done = account.run("--wait", TASKLISTS_QUIET_SECONDS="0.5")
    assert (done.code, "created" in done.outcomes.values() or "adopted" in done.outcomes.values()) == (0, True)
    assert len(account.commits()) == len(set(account.names())) == 3


def test_two_processes_on_one_member_make_each_task_once(account: Account):
    account.run(coworker=ASHLEY, name="new-member", **{"TASKLISTS_NOTES_REF": "on"})
    account.lose_ledger()
    account.far_side.remove_records("coworkertasks")
    before = len(account.commits())
    account.far_side.set_fault("slow", "1.0:coworkertasks")
    account.far_side.set_mode("S51.slow-seconds", 1)
    processes = [
        subprocess.Popen(
            account.command("run", "new-member", "--coworker", ASHLEY, "--yes"),
            cwd=account.folder,
            env=account.whole_env(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert all(code in {0, 3} for _, code in ended), ended
    assert len(account.commits()) - before == 3
    held = [out for (out, _), code in ended if code == 3]
    for out in held:
        assert b"held" in out
    account.far_side.clear_faults()
    assert set(account.run().outcomes.values()) == {"kept"}


def test_the_program_ends_with_the_code_of_its_command_and_mixes_no_lines_into_json(account: Account):
    done = account.subprocess("run", "new-member", "--coworker", ASHLEY, "--yes", "--format", "json")
    assert (done.code, done.json["results"][0]["outcome"]) == (0, "created")
    assert "access-card: created" in done.err
    shown = account.subprocess("preview", "new-member", "--coworker", ASHLEY, "--format", "json", "--exit-code")
    assert (shown.code, shown.err) == (0, "")
    assert account.subprocess("preview", "new-member", "--coworker", 5).code == 2
    assert account.subprocess("run", "new-member", "--coworker", ASHLEY).code == 2


def test_a_reader_that_goes_away_is_no_error(account: Account):
    command = " ".join(account.command("preview", "new-member", "--coworker", ASHLEY, "--format", "json"))
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -1"],
        cwd=account.folder,
        env=account.whole_env(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"{\n", b"")
