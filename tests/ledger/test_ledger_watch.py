"""Doors, alerts, moments and coverage outlive the process that noted them."""

from __future__ import annotations

import pytest
from ledger_given import NOW, Place, opened

from engine.ledger.ledger import Ledger
from engine.ledger.service_values import Alert, Door

SOON = NOW.add(seconds=10)
HERE = ("barcelona", "contract.created")


def test_a_door_counts_refusals_in_a_row_until_one_is_verified(ledger: Ledger) -> None:
    assert ledger.watch.door(*HERE, "m1") == Door(None, 0)
    assert ledger.watch.note_refused(*HERE, "m1", NOW) == 1
    assert ledger.watch.note_refused(*HERE, "m1", NOW, times=41) == 42
    assert ledger.watch.door(*HERE, "m1") == Door(None, 42)
    ledger.watch.note_verified(*HERE, "m1", SOON)
    assert ledger.watch.door(*HERE, "m1") == Door(SOON, 0)
    ledger.watch.note_refused(*HERE, "m1", SOON)
    assert ledger.watch.door(*HERE, "m1") == Door(SOON, 1)


def test_each_path_has_a_door_of_its_own(ledger: Ledger) -> None:
    ledger.watch.note_refused(*HERE, "m1", NOW)
    assert ledger.watch.door("madrid", HERE[1], "m1") == Door(None, 0)
    assert ledger.watch.door(HERE[0], "contract.renewed", "m1") == Door(None, 0)


def test_another_secret_begins_anew(ledger: Ledger) -> None:
    ledger.watch.note_verified(*HERE, "m1", NOW)
    ledger.watch.note_refused(*HERE, "m1", NOW, times=7)
    assert ledger.watch.door(*HERE, "m2") == Door(None, 0)
    assert ledger.watch.note_refused(*HERE, "m2", SOON) == 1
    assert ledger.watch.door(*HERE, "m2") == Door(None, 1)


def test_a_mark_that_could_be_a_secret_itself_is_refused(ledger: Ledger) -> None:
    with pytest.raises(AssertionError, match="digest"):
        ledger.watch.note_refused(*HERE, "s" * 65, NOW)


def test_what_is_watched_survives_a_restart(place: Place) -> None:
    with opened(place) as ledger:
        ledger.watch.note_refused(*HERE, "m1", NOW, times=2)
        ledger.watch.raise_alert("hook 5", "hook off", "the webhook is off", NOW)
        ledger.watch.set_moment("last sweep", NOW)
        ledger.watch.cover("new-member", "{}", NOW)
    with opened(place) as ledger:
        assert ledger.watch.door(*HERE, "m1").refused_in_a_row == 2
        assert [alert.cause for alert in ledger.watch.alerts()] == ["hook 5"]
        assert ledger.watch.moment("last sweep") == NOW
        assert ledger.watch.coverage("new-member") == (("{}", NOW),)


def test_an_alert_is_new_once_a_cause_and_again_after_it_was_cleared(ledger: Ledger) -> None:
    assert ledger.watch.raise_alert("hook 5", "hook off", "it is off", NOW)
    assert not ledger.watch.raise_alert("hook 5", "hook off", "it is off since Monday", SOON)
    assert ledger.watch.mark_told("hook 5", SOON)
    assert ledger.watch.alerts() == (Alert("hook 5", "hook off", "it is off since Monday", NOW, SOON, None),)
    assert ledger.watch.clear_alert("hook 5", SOON)
    assert not ledger.watch.clear_alert("hook 5", SOON.add(seconds=1))
    assert not ledger.watch.mark_told("hook 5", SOON)
    assert ledger.watch.alerts() == ()
    assert [alert.cleared_at for alert in ledger.watch.alerts(open_only=False)] == [SOON]
    assert ledger.watch.raise_alert("hook 5", "hook off", "off again", SOON)
    assert ledger.watch.alerts() == (Alert("hook 5", "hook off", "off again", SOON, None, None),)


def test_alerts_come_the_oldest_first(ledger: Ledger) -> None:
    ledger.watch.raise_alert("b", "failed", "", SOON)
    ledger.watch.raise_alert("a", "failed", "", SOON)
    ledger.watch.raise_alert("c", "failed", "", NOW)
    assert [alert.cause for alert in ledger.watch.alerts()] == ["c", "a", "b"]


def test_a_moment_replaces_the_one_before(ledger: Ledger) -> None:
    assert ledger.watch.moment("last sweep") is None
    ledger.watch.set_moment("last sweep", SOON)
    ledger.watch.set_moment("first start", NOW)
    ledger.watch.set_moment("last sweep", NOW)
    assert (ledger.watch.moment("last sweep"), ledger.watch.moment("first start")) == (NOW, NOW)


def test_coverage_tells_each_change_of_a_list_and_since_when(ledger: Ledger) -> None:
    for seconds, applies in enumerate(["A", "A", "B", "A", "A"]):
        ledger.watch.cover("new-member", applies, NOW.add(seconds=seconds))
    ledger.watch.cover("offboarding", "B", SOON)
    assert ledger.watch.coverage("new-member") == (
        ("A", NOW),
        ("B", NOW.add(seconds=2)),
        ("A", NOW.add(seconds=3)),
    )
    assert ledger.watch.coverage("offboarding") == (("B", SOON),)
    assert ledger.watch.coverage("nobody") == ()
