"""The settings of the service: each is read as the table says; whatever is wrong is told at once, and no secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring.folder import find_folder
from engine.core.errors import UserError
from engine.core.organisation import Organisation
from engine.flows import account
from engine.flows.service_settings import ServiceSettings, SettingsWrong, problems, unknown, whole, word
from engine.flows.settings_table import BY_NAME, SERVICE, SETTINGS, Setting
from engine.flows.sweep import SweepSettings
from engine.flows.tenure import LEASE_SECONDS
from engine.ledger.limits import Limits
from engine.nexudus.settings import DEFAULT_BASE_URL
from engine.service.alert_senders import MailSender, UrlSender
from engine.service.start_settings import read_settings, senders_of

LISTS = Path(__file__).parents[1] / "flows" / "lists"
CANARY = "c4nary-0123456789abcdefghijkl"
LOGIN = {"NEXUDUS_USERNAME": "api@acme.example", "NEXUDUS_PASSWORD": CANARY}
NUMBERS = [setting for setting in SERVICE if setting.kind == "number"]
WORDS = [setting for setting in SETTINGS if setting.words]


@pytest.fixture(scope="module")
def organisation() -> Organisation:
    return find_folder(str(LISTS), {}, LISTS).organisation().model


@pytest.fixture(scope="module")
def well(organisation: Organisation) -> dict[str, str]:
    return LOGIN | {"TASKLISTS_HOOK_SECRETS": json.dumps(dict.fromkeys(organisation.locations, CANARY))}


def told(environ: dict[str, str], organisation: Organisation) -> list[str]:
    with pytest.raises(SettingsWrong) as raised:
        read_settings(environ, organisation, hooks_needed=True)
    assert CANARY not in f"{raised.value}{raised.value!r}{raised.value.problems}"
    assert raised.value.message.splitlines() == list(raised.value.problems)
    return list(raised.value.problems)


def test_without_settings_the_defaults_of_the_table_hold(well: dict[str, str], organisation: Organisation) -> None:
    found = read_settings(well, organisation, hooks_needed=True)
    assert found.sweep == SweepSettings()
    numbers = (found.settle_seconds, found.sweep_minutes, found.hook_check_minutes, found.backlog_minutes)
    assert (*numbers, found.workers, found.keep_days) == (10, 15, 15, 15, 4, 400)
    assert (found.public_url, found.hooks_reenable, found.log) == ("", False, "json")
    assert senders_of(found) == ()
    assert set(found.hook_secrets.secrets) == set(organisation.locations)


def test_the_table_tells_the_defaults_that_readers_use(organisation: Organisation) -> None:
    defaults = {name: setting.default for name, setting in BY_NAME.items()}
    assert defaults["NEXUDUS_BASE_URL"] == DEFAULT_BASE_URL
    assert float(defaults["TASKLISTS_LEASE_SECONDS"]) == LEASE_SECONDS
    assert float(defaults["TASKLISTS_QUIET_SECONDS"]) == account.policy({}, organisation).quiet_seconds
    limits = ("writes_per_minute", "calls_per_minute", "calls_per_hour", "calls_per_100_ms", "writes_per_day")
    for name in limits:
        assert int(defaults[f"TASKLISTS_{name.upper()}"]) == getattr(Limits(), name)
    assert len(BY_NAME) == len(SETTINGS)


def test_each_setting_is_read(well: dict[str, str], organisation: Organisation, tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("smtps://user:" + CANARY + "@mail.acme.example\n")
    given = {
        "TASKLISTS_PUBLIC_URL": "https://Tasks.acme.example/",
        "TASKLISTS_SETTLE_SECONDS": "0",
        "TASKLISTS_SWEEP": "Report",
        "TASKLISTS_SWEEP_MINUTES": "5",
        "TASKLISTS_CANCELLATION_DAYS": "30",
        "TASKLISTS_HOOK_CHECK_MINUTES": "7",
        "TASKLISTS_HOOKS_REENABLE": "on",
        "TASKLISTS_ALERT_URL": f"https://alerts.acme.example/{CANARY}",
        "TASKLISTS_SMTP_URL_FILE": str(tmp_path / "smtp"),
        "TASKLISTS_ALERT_TO": "ana@acme.example, ben@acme.example",
        "TASKLISTS_BACKLOG_MINUTES": "20",
        "TASKLISTS_WORKERS": "8",
        "TASKLISTS_KEEP_DAYS": "90",
        "TASKLISTS_LOG": "text",
    }
    found = read_settings(well | given, organisation, hooks_needed=True)
    assert found.public_url == "https://tasks.acme.example"
    assert (found.sweep, found.sweep_minutes) == (SweepSettings("report", 30), 5)
    assert (found.settle_seconds, found.hook_check_minutes, found.hooks_reenable) == (0, 7, True)
    assert (found.backlog_minutes, found.workers, found.keep_days, found.log) == (20, 8, 90, "text")
    assert [type(sender) for sender in senders_of(found)] == [UrlSender, MailSender]
    assert CANARY not in repr(found)


def test_everything_that_is_wrong_is_told_at_once(organisation: Organisation) -> None:
    wrong = {
        "NEXUDUS_BASE_URL": "ftp://x",
        "NEXUDUS_AUTH": "digest",
        "TASKLISTS_LEDGER": f"mysql://u:{CANARY}@h/db",
        "TASKLISTS_NOTES_REF": "yes",
        "TASKLISTS_QUIET_SECONDS": "soon",
        "TASKLISTS_LEASE_SECONDS": "0",
        "TASKLISTS_WRITES_PER_MINUTE": "-1",
        "TASKLISTS_CALLS_PER_HOUR": "many",
        "TASKLISTS_HOOK_SECRETS": json.dumps({"atlantis": "short", next(iter(organisation.locations)): ""}),
        "TASKLISTS_HOOK_TOKENS_FILE": "/nowhere/at/all",
        "TASKLISTS_PUBLIC_URL": f"https://user:{CANARY}@tasks.acme.example",
        "TASKLISTS_SETTLE_SECONDS": "1.5",
        "TASKLISTS_SWEEP": "sometimes",
        "TASKLISTS_WORKERS": "65",
        "TASKLISTS_ALERT_URL": f"file:///{CANARY}",
        "TASKLISTS_SMTP_URL": f"smtp://user:{CANARY}@mail.acme.example",
        "TASKLISTS_LOG": "xml",
    }
    lines = told(wrong, organisation)
    named = {name for name in BY_NAME if any(line.startswith(name) for line in lines)}
    assert named == {name.removesuffix("_FILE") for name in wrong}
    assert len(lines) == len(set(lines))
    assert any("'atlantis' is no location" in line for line in lines)
    assert any("TASKLISTS_ALERT_TO is not" in line for line in lines)


def test_a_door_without_secrets_is_refused_and_a_worker_needs_none(organisation: Organisation) -> None:
    assert told(LOGIN, organisation)[0].startswith("TASKLISTS_HOOK_SECRETS is not set")
    assert read_settings(LOGIN, organisation, hooks_needed=False).hook_secrets.secrets == {}


def test_a_missing_login_is_told_with_the_rest(organisation: Organisation) -> None:
    lines = told({"TASKLISTS_WORKERS": "0"}, organisation)
    starts = ("NEXUDUS_USERNAME is not set", "NEXUDUS_PASSWORD is not set", "TASKLISTS_WORKERS is '0'")
    assert all(any(line.startswith(start) for line in lines) for start in starts)


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.has_file], ids=lambda one: one.name)
def test_a_secret_that_is_given_twice_or_in_no_file_is_refused(setting: Setting, organisation: Organisation) -> None:
    twice = LOGIN | {setting.name: CANARY, f"{setting.name}_FILE": "/nowhere"}
    assert any(line.startswith(f"{setting.name} and {setting.name}_FILE") for line in told(twice, organisation))
    lost = {name: value for name, value in LOGIN.items() if name != setting.name} | {f"{setting.name}_FILE": "/nowhere"}
    assert any(line.startswith(f"{setting.name}_FILE names '/nowhere'") for line in told(lost, organisation))


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.sampled_from(NUMBERS), st.one_of(st.text(max_size=12), st.integers(-5, 10**6).map(str)))
def test_a_number_is_within_its_bounds_or_refused_by_name(setting: Setting, text: str) -> None:
    digits = text.strip() or setting.default
    is_right = digits.isascii() and digits.isdigit() and setting.least <= int(digits) <= setting.most
    if is_right and len(digits) < 10:
        assert whole({setting.name: text}, setting.name) == int(digits)
    else:
        with pytest.raises(UserError, match=setting.name) as raised:
            whole({setting.name: text}, setting.name)
        assert f"{setting.least} to {setting.most}" in raised.value.advice


@pytest.mark.parametrize("setting", WORDS, ids=lambda one: one.name)
def test_a_word_is_one_of_its_words_or_refused_with_all_of_them(setting: Setting) -> None:
    assert word({}, setting.name) == setting.default == setting.words[0]
    for one in setting.words:
        assert word({setting.name: f" {one.upper()} "}, setting.name) == one
    with pytest.raises(UserError, match=setting.name) as raised:
        word({setting.name: "perhaps"}, setting.name)
    assert all(one in raised.value.advice for one in setting.words)


def test_names_that_nothing_reads_are_told_with_the_nearest() -> None:
    strange = unknown({"TASKLISTS_WORKER": "4", "TASKLISTS_SWEEP_FILE": "x", "NEXUDUS_TOKEN_FILE": "x", "PATH": "x"})
    assert len(strange) == 2
    assert strange[1] == "TASKLISTS_WORKER is no setting; nearest: TASKLISTS_WORKERS."


def test_without_an_organisation_all_else_is_judged() -> None:
    found = problems({"TASKLISTS_WORKERS": "0", "TASKLISTS_HOOK_SECRETS_FILE": "/nowhere"}, None, hooks_needed=True)
    assert [line.split(" ")[0] for line in found] == [
        "NEXUDUS_USERNAME",
        "NEXUDUS_PASSWORD",
        "TASKLISTS_WORKERS",
        "TASKLISTS_HOOK_SECRETS_FILE",
    ]


def test_further_checks_of_whoever_starts_are_told_with_the_rest(organisation: Organisation) -> None:
    def refuse() -> None:
        raise UserError("first.\nsecond.", advice="Do this.")

    with pytest.raises(SettingsWrong) as raised:
        ServiceSettings.from_environment(LOGIN, organisation, hooks_needed=False, also=[refuse])
    assert raised.value.problems == ("first.", "second. Do this.")
