"""Holiday codes are known without importing the library; whatever is not, the library decides."""

from __future__ import annotations

import subprocess
import sys

import holidays
import pytest
from authoring_given import SOUND

from engine.authoring.holiday_codes import unknown_code
from engine.core.calendar_rules import PublicHolidays

SUBDIVISIONS = [
    ("ES", "CT"),
    ("GB", "ENG"),
    ("DE", "BY"),
    ("US", "CA"),
    ("FR", None),
    ("PT", "11"),
    ("CH", "ZH"),
    ("AU", "NSW"),
]


@pytest.mark.parametrize(("country", "subdivision"), SUBDIVISIONS)
def test_what_is_accepted_has_holidays(country: str, subdivision: str | None) -> None:
    assert unknown_code(PublicHolidays(country=country, subdivision=subdivision)) is None
    assert len(holidays.country_holidays(country, subdiv=subdivision, years=2027)) > 3


@pytest.mark.parametrize(
    ("country", "subdivision", "key", "corrected", "near"),
    [
        ("XX", None, "country", "", ""),
        ("es", None, "country", "ES", ""),
        ("Spain", "CT", "country", "ES", ""),
        ("United Kingdom", None, "country", "GB", ""),
        ("UK", None, "country", "GB", ""),
        ("ESP", None, "country", "ES", ""),
        ("ES", "Catalonia", "subdivision", "", "CT"),
        ("ES", "ct", "subdivision", "", "CT"),
        ("FR", "Paris", "subdivision", "", ""),
    ],
)
def test_what_is_refused_names_the_key_and_the_code(
    country: str, subdivision: str | None, key: str, corrected: str, near: str
) -> None:
    trouble = unknown_code(PublicHolidays(country=country, subdivision=subdivision))
    assert trouble is not None
    assert (trouble.key, trouble.corrected or trouble.nearest) == (key, corrected or near)


def test_a_sound_folder_is_checked_without_the_library() -> None:
    code = (
        "import sys\nfrom engine.cli.main import run_commands\n"
        f"run_commands(['check', '--dir', {str(SOUND)!r}])\n"
        "print([name for name in ('holidays', 'sqlalchemy', 'httpx', 'rich', 'babel') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "[]\n"
