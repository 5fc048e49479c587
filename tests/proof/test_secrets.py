"""Secrets are never told, at any level of any logger; and what looks for them would find them."""

from __future__ import annotations

from pathlib import Path

import pytest
from processes import Child, Job
from proof_world import World, list_text, run_arguments
from secrets_kept import leaks, ledger_files

SECRETS = {"password": "a-canary-of-a-password", "token": "a-canary-of-a-token"}


def printed(folder: Path, out: str = "", err: str = "") -> Child:
    child = Child(0, *Job([], {}, folder, folder / "run").files())
    child.stdout.write_text(out)
    child.stderr.write_text(err)
    return child


@pytest.mark.parametrize("fault", ["", "error-after-commit", "token-expired", "html-200-on-read"])
@pytest.mark.parametrize("by_token", [False, True], ids=["password", "token"])
def test_no_secret_is_on_any_output_with_every_logger_at_debug(one_world: World, fault: str, by_token: bool) -> None:
    folder, member = one_world.new_folder({"list-0": list_text("list-0", 3, 1)}), one_world.new_member()
    if fault:
        one_world.far_side.set_fault(fault, "1x:coworkertasks")
    env = (one_world.with_token() if by_token else {}) | {"LOUD": "1"}
    children = [one_world.start(folder, *run_arguments("list-0", member), env=env, cold=not fault) for _ in range(2)]
    for child in children:
        child.wait(60)
        assert "DEBUG" in child.err
        assert "httpcore" in child.err
        assert "sqlalchemy" in child.err
    assert leaks(one_world.secrets, folder, children, [member.name]) == []


@pytest.mark.parametrize("wrong", ["NEXUDUS_PASSWORD", "NEXUDUS_TOKEN"])
def test_a_refused_login_tells_no_secret_either(one_world: World, wrong: str) -> None:
    folder, member = one_world.new_folder({"list-0": list_text("list-0", 3, 1)}), one_world.new_member()
    env = {wrong: "a-canary-that-is-wrong", "LOUD": "1"}
    child = one_world.start(folder, *run_arguments("list-0", member), env=env)
    assert child.wait(60) == 2, child.err
    assert leaks(one_world.secrets | {"wrong secret": env[wrong]}, folder, [child], [member.name]) == []


def test_a_member_is_in_the_ledger_while_a_request_is_open_and_not_after_it(one_world: World) -> None:
    folder, member = one_world.new_folder({"list-0": list_text("list-0", 3, 1)}), one_world.new_member()
    argv = run_arguments("list-0", member)
    killed = one_world.start(folder, *argv, env={"CRASH_AT": "all-sent:1"})
    killed.wait(60)
    assert leaks({}, folder, [], [member.name]), "an open intent is kept with its text, or it could not be looked for"
    assert one_world.start(folder, *argv).wait(60) == 0
    assert ledger_files(folder)
    assert leaks({}, folder, [], [member.name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "login with a-canary-of-a-password",
        "header a-canary-of-a-token",
        "Authorization: Bearer AbCdEf0123456789_-xyz",
        "authorization: basic YXBpQGFjbWUuZXhhbXBsZTpwYXNz",
        '{"access_token": "AbCdEf0123456789_-xyz"}',
    ],
)
@pytest.mark.parametrize("place", ["out", "err"])
def test_what_looks_for_secrets_finds_them(tmp_path: Path, text: str, place: str) -> None:
    assert leaks(SECRETS, tmp_path, [printed(tmp_path, **{place: f"some line\n{text}\n"})], [])


def test_what_looks_for_secrets_finds_a_member_in_each_file_of_a_ledger(tmp_path: Path) -> None:
    (tmp_path / ".tasklists").mkdir()
    for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
        (tmp_path / ".tasklists" / name).write_bytes(b"\x00\x01Quillon Vexworth\xff")
    assert len(leaks(SECRETS, tmp_path, [], ["Quillon Vexworth"])) == 3
    assert leaks(SECRETS, tmp_path, [printed(tmp_path, "Quillon Vexworth")], ["somebody else"]) == []
