"""Rules of the sandbox that hold for all values, not only for the examples."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whenever import Instant

from engine.sandbox.clock import read_moment, to_local, write_second, write_with_digits
from engine.sandbox.entities import ENTITIES, as_row, empty_record
from engine.sandbox.faults import FAULTS, Faults, parse_setting
from engine.sandbox.fields import Fields, clean_custom_fields
from engine.sandbox.modes import MODES, Mode, Modes, SwitchError, find_value
from engine.sandbox.store import task_id
from engine.sandbox.striking import MIX, Target
from engine.sandbox.throttle import Throttle

steady = settings(derandomize=True, max_examples=200, deadline=None)
_MOMENTS = st.integers(0, 4_000_000_000_000_000_000).map(lambda one: Instant.from_timestamp(one, unit="nanosecond"))
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_ids_are_unique_and_leave_no_hole_in_their_blocks() -> None:
    made = [task_id(number) for number in range(10_000)]
    assert sorted(made) == list(range(min(made), min(made) + 10_000))
    assert made != sorted(made)


@steady
@given(_MOMENTS, st.integers(1, 7))
def test_a_written_moment_is_read_back_to_its_digits(moment: Instant, digits: int) -> None:
    text = write_with_digits(moment, digits)
    back = read_moment(text)
    assert back is not None
    assert 0 <= (moment - back).total("nanoseconds") < 10 ** (9 - digits)
    assert len(text) == 21 + digits
    second = read_moment(write_second(moment))
    assert second is not None
    assert write_second(second) == write_second(moment)


@steady
@given(_MOMENTS, st.sampled_from(["Europe/London", "Europe/Paris", "Asia/Kolkata"]))
def test_local_time_has_no_suffix_and_stays_within_a_day(moment: Instant, zone: str) -> None:
    local = to_local(moment, zone)
    shown = read_moment(local)
    assert shown is not None
    assert len(local) == 19
    assert abs((shown - moment).total("hours")) < 6


def _found(mode: Mode, text: str) -> str | None:
    with contextlib.suppress(SwitchError):
        return find_value(mode, text)
    return None


@steady
@given(st.text(max_size=20) | st.sampled_from([value for mode in MODES for value in mode.values]))
def test_any_text_for_a_mode_is_a_value_of_it_or_refused(text: str) -> None:
    for mode in MODES:
        found = _found(mode, text)
        assert found is None or _found(mode, found) == found
        assert found is not None or text not in mode.values or text in {"n", "cut-at-n", "decimal"}


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_every_value_of_every_mode_can_be_set(mode: Any) -> None:
    modes = Modes()
    assert modes[mode.name] == mode.values[0]
    for value in mode.values:
        wanted = {"n": "5", "cut-at-n": "cut-at-5", "decimal": "0.25"}.get(value, value)
        modes.change({mode.name: wanted})
        assert modes[mode.name] == wanted


@steady
@given(st.sampled_from(sorted(name for name, fault in FAULTS.items() if fault.when != MIX)), st.integers(0, 9))
def test_a_count_strikes_that_often_and_no_more(name: str, count: int) -> None:
    faults = Faults(seed=1)
    faults.change({name: f"{count}x"})
    fault = FAULTS[name]
    verb = fault.when if fault.when in {"token", "me"} else "create"
    target = Target("coworkertasks" if verb == "create" else verb, verb)
    drawn = [faults.meet(target).draw(fault.when) for _ in range(12)]
    assert drawn == [fault.kind] * count + [""] * (12 - count)
    assert faults.struck[name] == count


@steady
@given(st.floats(0, 1).map(lambda share: f"{share:.6f}"), st.sampled_from(["", ":users"]))
def test_a_share_is_read_and_written_alike(share: str, entity: str) -> None:
    setting = parse_setting("oops", share + entity)
    assert parse_setting("oops", f"{setting.share:.9f}{entity}") == setting
    assert 0 <= setting.share <= 1


@steady
@given(_JSON)
def test_custom_fields_of_any_shape_are_clean_or_nothing(value: Any) -> None:
    for sent in (value, {"Data": value}, {"Data": [{"Name": value, "Value": value}]}):
        clean = clean_custom_fields(sent)
        if clean is not None:
            names = [entry["Name"] for entry in clean["Data"]]
            assert len(names) == len(set(names)) > 0
            assert all(set(entry) == {"Name", "Value", "Type"} for entry in clean["Data"])


@steady
@given(st.dictionaries(st.sampled_from(["BusinessId", "businessid", "Name"]), _JSON))
def test_fields_of_any_type_are_read_without_an_error(body: dict[str, Any]) -> None:
    fields = Fields(body)
    number = fields.number("BusinessId")
    assert number is None or (isinstance(number, int) and number != 0)
    assert isinstance(fields.text("Name"), str)
    assert isinstance(fields.flag("Name"), bool)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_a_row_keeps_every_key_and_sets_none_that_it_leaves_out(entity: Any) -> None:
    whole = {key: [1] for key in empty_record(entity)}
    row = as_row(entity, whole)
    assert list(row) == list(whole)
    assert {key for key, value in row.items() if value != [1]} == set(entity.unset)
    assert set(entity.unset) <= set(entity.keys)


@steady
@given(st.lists(st.floats(0, 30), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_its_limit(gaps: list[float], limit: int) -> None:
    modes = Modes()
    modes.change({one.name: "0" for one in MODES if one.name.startswith(("S50.calls", "S50.writes"))})
    modes.change({"S50.calls-per-minute": limit})
    throttle, now, passed = Throttle(modes), 0.0, []
    for gap in gaps:
        now += gap
        if throttle.wait(now, is_write=False) == 0:
            passed.append(now)
        assert len([one for one in passed if one > now - 60]) <= limit
    assert len(passed) >= min(len(gaps), 1)


def test_a_burst_is_cut_at_the_calls_of_100_ms() -> None:
    modes = Modes()
    modes.change({"S50.calls-per-100ms": 3})
    throttle = Throttle(modes)
    waits = [throttle.wait(1000 + offset, is_write=False) for offset in (0, 0.01, 0.02, 0.03, 0.101)]
    assert [wait == 0 for wait in waits] == [True, True, True, False, True]
    assert 0 < waits[3] <= 0.071
