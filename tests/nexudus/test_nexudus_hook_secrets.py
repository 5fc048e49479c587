"""Hook secrets: weak ones are refused, all at once, and none is ever shown (promise B04)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.core.errors import UserError
from engine.nexudus.hook_secrets import HookSecrets, read_hook_secrets

GOOD, NEXT = "0123456789abcdef01234567", "fedcba98-76543210-fedcba98"
PLACES = ("barcelona", "madrid")


def read(secrets: object = None, tokens: object = None) -> HookSecrets:
    environ = {
        name: json.dumps(value)
        for name, value in (("TASKLISTS_HOOK_SECRETS", secrets), ("TASKLISTS_HOOK_TOKENS", tokens))
        if value is not None
    }
    return read_hook_secrets(environ, PLACES)


def test_one_or_two_secrets_a_location_are_read() -> None:
    found = read({"barcelona": GOOD, "madrid": [NEXT, GOOD]})
    assert found.secrets == {"barcelona": (GOOD,), "madrid": (NEXT, GOOD)}
    assert found.locations == {"barcelona", "madrid"}


def test_secrets_come_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "secrets").write_text(json.dumps({"madrid": GOOD}) + "\n")
    found = read_hook_secrets({"TASKLISTS_HOOK_SECRETS_FILE": str(tmp_path / "secrets")}, PLACES)
    assert found.secrets == {"madrid": (GOOD,)}


WEAK: dict[str, tuple[object, str]] = {
    "empty": ("", "empty"),
    "short": (GOOD[:-1], "shorter than 24"),
    "not ASCII": ("é" + GOOD, "printable ASCII"),
    "with a line end": (GOOD + "\n", "printable ASCII"),
    "an emoji": ("🚀" * 30, "printable ASCII"),
    "one letter": ("a" * 40, "pattern"),
    "two letters": ("ab" * 20, "pattern"),
    "a sample": ("changeme-changeme-changeme", "sample"),
    "another sample": ("This-is-an-Example-secret-0123", "sample"),
    "a number": (12345678901234567890123456, "not text"),
    "nothing": (None, "not text"),
    "an object": ({"secret": GOOD}, "not text"),
    "too long": (GOOD * 50, "longer than"),
    "no secret in the list": ([], "found 0"),
    "three": ([GOOD, NEXT, GOOD + NEXT], "found 3"),
    "an empty second": ([GOOD, ""], "number 2 is empty"),
    "the same twice": ([GOOD, GOOD], "the same"),
}


@pytest.mark.parametrize(("value", "why"), WEAK.values(), ids=WEAK)
def test_a_weak_secret_is_refused_and_not_shown(value: object, why: str) -> None:
    with pytest.raises(UserError) as refused:
        read({"barcelona": value})
    assert why in str(refused.value)
    for secret in value if isinstance(value, list) else [value]:
        assert not secret or not isinstance(secret, str) or secret not in str(refused.value)


@pytest.mark.parametrize("tokens", [None, {}])
def test_no_secret_at_all_is_refused_unless_it_is_not_needed(tokens: object) -> None:
    with pytest.raises(UserError, match="TASKLISTS_HOOK_SECRETS is not set"):
        read(None, tokens)
    assert read_hook_secrets({}, PLACES, needed=False).secrets == {}


@pytest.mark.parametrize("text", ["canary-secret", "[1]", '"canary"', "{", '{"madrid": "canary"', "[" * 100_000])
def test_what_is_no_json_object_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(UserError) as refused:
        read_hook_secrets({"TASKLISTS_HOOK_SECRETS": text}, PLACES)
    assert "JSON" in str(refused.value)
    assert "canary" not in str(refused.value)


def test_every_problem_is_told_at_once() -> None:
    environ = {
        "TASKLISTS_HOOK_SECRETS": json.dumps({"barcelone": GOOD, "madrid": ["short", "é" * 30]}),
        "TASKLISTS_HOOK_TOKENS": json.dumps({"madrid": "sp ace" + GOOD, "barcelona": ""}),
    }
    with pytest.raises(UserError) as refused:
        read_hook_secrets(environ, PLACES)
    assert refused.value.message.splitlines() == [
        "TASKLISTS_HOOK_SECRETS: 'barcelone' is no location of organisation.yaml (barcelona, madrid);"
        " nearest: barcelona.",
        "TASKLISTS_HOOK_SECRETS for 'madrid': number 1 is shorter than 24 characters.",
        "TASKLISTS_HOOK_SECRETS for 'madrid': number 2 holds a character that is not printable ASCII.",
        "TASKLISTS_HOOK_TOKENS for 'madrid': number 1 holds something else than letters, digits, - and _.",
        "TASKLISTS_HOOK_TOKENS for 'barcelona': number 1 is empty.",
    ]


def test_a_secret_in_the_place_of_its_location_is_not_shown() -> None:
    with pytest.raises(UserError) as refused:
        read({GOOD: "barcelona"})
    assert GOOD not in str(refused.value)


def test_one_location_twice_is_refused() -> None:
    text = f'{{"madrid": "{GOOD}", "madrid": "{NEXT}"}}'
    with pytest.raises(UserError, match="one location twice"):
        read_hook_secrets({"TASKLISTS_HOOK_SECRETS": text}, PLACES)


def test_a_token_that_is_also_the_secret_is_refused() -> None:
    with pytest.raises(UserError, match="also its secret"):
        read({"madrid": GOOD}, {"madrid": [NEXT, GOOD]})


def test_a_token_is_known_by_its_place() -> None:
    found = read(None, {"madrid": [GOOD, NEXT]})
    assert [found.token_index("madrid", token) for token in (GOOD, NEXT, "", "é", "\ud83d")] == [0, 1, None, None, None]
    assert found.token_index("barcelona", GOOD) is None


def test_the_mark_changes_with_the_secrets_and_not_with_their_order() -> None:
    key = b"k" * 32
    marks = {
        read(secrets, tokens).mark("madrid", key)
        for secrets, tokens in [
            ({"madrid": GOOD}, None),
            ({"madrid": NEXT}, None),
            ({"madrid": [GOOD, NEXT]}, None),
            (None, {"madrid": GOOD}),
            ({"barcelona": GOOD}, None),
        ]
    }
    assert len(marks) == 5
    assert all(len(mark) == 16 for mark in marks)
    assert read({"madrid": [NEXT, GOOD]}).mark("madrid", key) in marks
    assert read({"madrid": GOOD}).mark("madrid", b"x" * 32) not in marks


def test_a_repr_holds_no_secret() -> None:
    shown = repr(read({"madrid": GOOD}, {"madrid": NEXT}))
    assert GOOD not in shown
    assert NEXT not in shown
