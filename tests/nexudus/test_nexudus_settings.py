import subprocess
import sys

import pytest

from engine.core.errors import UserError
from engine.nexudus.settings import DEFAULT_BASE_URL, from_environment

LOGIN = {"NEXUDUS_USERNAME": "api@acme.example", "NEXUDUS_PASSWORD": "canary"}


def test_the_address_of_the_service_is_the_default():
    settings = from_environment(LOGIN)
    assert (settings.base_url, settings.auth) == (DEFAULT_BASE_URL, "bearer")
    assert settings.host == "spaces.nexudus.com"


@pytest.mark.parametrize(
    ("given", "base_url"),
    [
        ("https://spaces.nexudus.com/", "https://spaces.nexudus.com"),
        ("https://spaces.nexudus.com/api", "https://spaces.nexudus.com"),
        ("https://spaces.nexudus.com/api/", "https://spaces.nexudus.com"),
        ("https://proxy.example/nexudus/API/", "https://proxy.example/nexudus"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("http://localhost:8765/api", "http://localhost:8765"),
        ("http://[::1]:8765", "http://[::1]:8765"),
        ("  ", DEFAULT_BASE_URL),
    ],
)
def test_an_address_is_put_into_one_form(given, base_url):
    assert from_environment({**LOGIN, "NEXUDUS_BASE_URL": given}).base_url == base_url


@pytest.mark.parametrize(
    "given",
    [
        *("http://spaces.nexudus.com", "spaces.nexudus.com", "ftp://spaces.nexudus.com", "https://"),
        *("https://a:canary@spaces.nexudus.com", "https://spaces.nexudus.com?x=1", "https://spaces.nexudus.com#x"),
        *("https://spaces.nexudus.com:port", "https://[::1", "https://spa ces", "https://" + "a" * 64 + ".example"),
        *("http://127.0.0.1.example", "//:canary@/x"),
    ],
)
def test_a_wrong_address_is_refused_by_name(given):
    with pytest.raises(UserError, match="NEXUDUS_BASE_URL") as raised:
        from_environment({**LOGIN, "NEXUDUS_BASE_URL": given})
    assert "canary" not in str(raised.value)
    assert raised.value.advice


@pytest.mark.parametrize("missing", ["NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"])
def test_a_missing_part_of_the_login_is_named(missing):
    with pytest.raises(UserError, match=f"{missing} is not set") as raised:
        from_environment({name: value for name, value in LOGIN.items() if name != missing})
    assert "tasklists sandbox" in raised.value.advice


def test_a_token_needs_no_password():
    settings = from_environment({"NEXUDUS_TOKEN": "canary-token"})
    assert settings.token == "canary-token"


@pytest.mark.parametrize(
    "environ",
    [
        {**LOGIN, "NEXUDUS_AUTH": "digest"},
        {"NEXUDUS_TOKEN": "canary", "NEXUDUS_AUTH": "basic"},
        {"NEXUDUS_TOKEN": "bearer canary"},
        {**LOGIN, "NEXUDUS_PASSWORD_FILE": "/nowhere"},
        {"NEXUDUS_USERNAME": "a", "NEXUDUS_PASSWORD_FILE": "/nowhere/at/all"},
        {"NEXUDUS_USERNAME": "a:b", "NEXUDUS_PASSWORD": "canary", "NEXUDUS_AUTH": "basic"},
    ],
)
def test_wrong_settings_are_refused_without_showing_a_secret(environ):
    with pytest.raises(UserError, match="NEXUDUS_") as raised:
        from_environment(environ)
    assert raised.value.advice
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "password"), [("p w\n", "p w"), ("pw\r\n", "pw"), ("pw\n\n", "pw\n"), ("pw", "pw")]
)
def test_a_secret_comes_from_a_file_less_one_last_newline(tmp_path, content, password):
    file = tmp_path / "password"
    file.write_bytes(content.encode())
    settings = from_environment({"NEXUDUS_USERNAME": "a", "NEXUDUS_PASSWORD_FILE": str(file)})
    assert settings.password == password


def test_a_secret_file_that_is_no_text_is_refused(tmp_path):
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="NEXUDUS_PASSWORD_FILE"):
        from_environment({"NEXUDUS_USERNAME": "a", "NEXUDUS_PASSWORD_FILE": str(file)})


def test_no_secret_is_in_a_repr():
    shown = repr(from_environment({**LOGIN, "NEXUDUS_TOKEN": "canary-token"}))
    assert "canary" not in shown


def test_the_pure_modules_load_nothing_heavy():
    pure = ("answers", "calls", "errors", "grant", "paging", "rows", "settings", "throttle", "wire", "zones")
    code = (
        f"import sys, {', '.join(f'engine.nexudus.{name}' for name in pure)}\n"
        "heavy = {'httpx', 'httpcore', 'pydantic', 'babel', 'ssl'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
