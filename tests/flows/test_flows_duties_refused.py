"""A sweep that Nexudus refuses, as the duties of a process see it: told at once, and over with the next that works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from given_account import Account
from given_service import Service, service_of

from engine.flows.service_settings import ServiceSettings
from engine.nexudus.errors import RoleMissing
from engine.service.duties import Duties
from engine.service.start_settings import read_settings


@pytest.fixture
def service(account: Account) -> Iterator[Service]:
    with service_of(account) as running:
        yield running


def duties_of(service: Service, mode: str) -> Duties:
    organisation = service.lists.organisation()
    environ = service.account.whole_env(TASKLISTS_SWEEP=mode)
    settings: ServiceSettings = read_settings(environ, organisation, hooks_needed=False)
    workshop: object = None  # recovers runs; not asked for here
    return Duties(settings, service.writing, service.lists, workshop, organisation=organisation)  # type: ignore[arg-type]


def alerts(service: Service) -> list[str]:
    return [alert.cause for alert in service.ledger.watch.alerts()]


@pytest.mark.parametrize("mode", ["run", "report"])
def test_a_refused_sweep_is_an_alert_until_one_is_finished(service: Service, account: Account, mode: str) -> None:
    far_side = account.far_side
    duties = duties_of(service, mode)
    login = next(user for user in far_side.records("users") if user["Email"] == far_side.username)
    far_side.put_record("users", login["Id"], UserRoles=["CoworkerTask-List"])
    try:
        with pytest.raises(RoleMissing):
            duties._sweep_once(service.stop)
    finally:
        far_side.put_record("users", login["Id"], UserRoles=login.get("UserRoles"))
    duties._look()
    assert alerts(service) == (["sweep"] if mode == "run" else []), "only `run` notes what was finished"
    duties._sweep_once(service.stop)
    duties._look()
    assert alerts(service) == []
