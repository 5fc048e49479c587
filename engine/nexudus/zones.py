"""Time zones: Nexudus names Windows ones, we reckon in IANA ones.

It must never guess: a name that CLDR does not map is the organisation's to settle.
"""

from __future__ import annotations

from functools import cache

from engine.core.errors import UserError


def iana_zone(windows_name: str) -> str:
    """The IANA zone for a Windows zone id, by CLDR's windowsZones; a name that is IANA already stays.

    UserError for any other name, with the advice to set `time_zone` in organisation.yaml.
    """
    name = windows_name.strip()
    zone = _windows_zones().get(name.casefold())
    if zone is not None:
        return zone
    if _is_iana(name):
        return name
    raise UserError(
        f"The time zone {windows_name!r} that Nexudus names is not known.",
        advice="Set time_zone of this location in organisation.yaml, such as time_zone: Europe/Madrid.",
    )


@cache
def _windows_zones() -> dict[str, str]:
    from babel.core import get_global  # heavy, and only ever needed for a location without time_zone

    return {name.casefold(): zone for name, zone in get_global("windows_zone_mapping").items()}


@cache
def _is_iana(name: str) -> bool:
    from whenever import available_timezones

    return name in available_timezones()
