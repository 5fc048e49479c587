"""One sandbox process for the tests of this folder; each test finds it with defaults and without tasks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

# The folders of tests are no packages; what starts a sandbox is one folder up, for all of them.
sys.path.insert(0, str(Path(__file__).parents[1]))

from sandbox_given import NO_LIMITS, client_of
from sandbox_process import SandboxProcess, sandbox


@pytest.fixture(scope="session")
def _process() -> Iterator[SandboxProcess]:
    with sandbox() as running:
        yield running


@pytest.fixture
def far_side(_process: SandboxProcess) -> SandboxProcess:
    """Default modes but for the limits, no faults, no tasks, no requests remembered, true time."""
    _process.remove_records("coworkertasks")
    _process.admin("DELETE", "modes")
    _process.admin("POST", "modes", NO_LIMITS)
    _process.clear_faults()
    _process.set_clock(0)
    _process.clear_requests()
    _process.remove_records("webhooks")
    _process.clear_deliveries()
    _process.deliveries(wait=5)
    _process.clear_deliveries()
    _process.admin("DELETE", "secrets")
    return _process


@pytest.fixture(scope="session")
def _client(_process: SandboxProcess) -> Iterator[httpx.Client]:
    with client_of(_process) as client:
        yield client


@pytest.fixture
def api(far_side: SandboxProcess, _client: httpx.Client) -> httpx.Client:
    """A client with the token of the unrestricted login."""
    return _client


#: the first id of those who sign up, by entity
_NEWCOMERS = {
    "coworkers": 1423850001,
    "coworkercontracts": 1418985001,
    "users": 1418340001,
    "teams": 1416050001,
}


@pytest.fixture
def newcomers(far_side: SandboxProcess) -> Iterator[None]:
    """Takes away those who signed up, for the tests that count people; none is there at the beginning."""
    yield
    for entity, first in _NEWCOMERS.items():
        for record in far_side.records(entity):
            if record["Id"] >= first:
                far_side.remove_record(entity, record["Id"])
