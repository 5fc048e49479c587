"""What Nexudus knows of an account before there is an organisation.yaml: its locations and its admins. Reads only."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from whenever import Instant

from engine.authoring.importing.drafting import slug_of
from engine.core.errors import UserError
from engine.flows.native_lists import rows_of
from engine.flows.starter import NewPlace
from engine.nexudus.answers import Record
from engine.nexudus.calls import Entity
from engine.nexudus.client import NexudusReader
from engine.nexudus.errors import RequestRefused, RoleMissing
from engine.nexudus.wire import usable_id


def places_online(reader: NexudusReader) -> tuple[NewPlace, ...]:
    """Return the account's locations with zone and country, as far as the login may read them; nobody in them yet.

    Raises:
        RoleMissing: the login may not list businesses.
        Unreachable: they cannot be read to their end now.
    """
    found: list[NewPlace] = []
    for row in sorted(rows_of(reader, Entity.BUSINESS), key=lambda row: usable_id(row) or 0):
        number = usable_id(row)
        if number is not None:
            name = slug_of(str(row.get("Name") or ""), {place.name for place in found}, otherwise="location")
            whole = reader.record(Entity.BUSINESS, number) or row
            country = _country(whole)
            found.append(NewPlace(name, number, _nearer(_zone(reader, whole), country), country))
    return tuple(found)


def admins_online(reader: NexudusReader) -> tuple[Record, ...]:
    """Return the active admins' rows; none where the login may not list them, or they are too many for one call."""
    try:
        rows = reader.admins() or ()
    except RoleMissing:
        return ()
    fit = (row for row in rows if row.get("IsAdmin") is True and row.get("Active") is not False)
    return tuple(row for row in fit if row.get("Email"))


def with_admins(places: Sequence[NewPlace], admins: Sequence[Record]) -> tuple[NewPlace, ...]:
    """Return the places with their admins as community managers: somebody has to be there until roles are shared out.

    Raises:
        UserError: a place without any admin.
    """
    emails_of_all = Counter(_email(row) for row in admins)
    found = []
    for place in places:
        own = [row for row in admins if row.get("DefaultBusinessId") == place.business_id]
        told = {_holder(row, emails_of_all) for row in own or admins}
        holders = tuple(sorted(told, key=lambda one: (one.isdecimal(), one)))  # e-mails first: people know them
        if not holders and not place.holders:
            raise UserError(f"no admin is known at {place.name}.", advice="Name one with --person ROLE=E-MAIL.")
        found.append(place if place.holders else replace(place, holders={"community-manager": holders}))
    return tuple(found)


def _email(row: Record) -> str:
    return str(row["Email"]).strip().lower()


def _holder(row: Record, emails: Mapping[str, int]) -> str:
    """The e-mail, or the user's id where the e-mail is that of several users and would name none of them."""
    number = usable_id(row)
    return str(number) if number is not None and emails[_email(row)] > 1 else _email(row)


def _zone(reader: NexudusReader, row: Record) -> str:
    number = row.get("SimpleTimeZoneId")
    if not isinstance(number, int) or isinstance(number, bool):
        return ""
    try:
        return reader.time_zone(number)
    except (RoleMissing, RequestRefused, UserError):
        return ""


def _nearer(zone: str, country: str) -> str:
    """The country's own zone where it is one with the same clock: Nexudus's names tell regions, not countries."""
    from babel.core import get_global

    zones: Sequence[str] = get_global("territory_zones").get(country, ())
    area = zone.partition("/")[0]
    same = [one for one in zones if one.partition("/")[0] == area and _clock(one) == _clock(zone)]
    return same[0] if len(same) == 1 else zone


def _clock(zone: str) -> tuple[str, ...]:
    """What a zone's clock shows in winter and in summer of one year."""
    moments = (Instant.from_utc(2026, month, 15) for month in (1, 4, 7, 10))
    return tuple(moment.to_tz(zone).to_plain().format_iso() for moment in moments)


def _country(row: Record) -> str:
    """The ISO code of a country that Nexudus names in English; '' for one that has no public holidays here."""
    from babel import Locale

    from engine.authoring.holiday_codes import unknown_code
    from engine.core.calendar_rules import PublicHolidays

    wanted = _plain(str(row.get("CountryName") or ""))
    names = {code: _plain(name) for code, name in Locale("en").territories.items() if re.fullmatch("[A-Z]{2}", code)}
    code = next((code for code, name in names.items() if name == wanted), "")
    return code if code and unknown_code(PublicHolidays(country=code)) is None else ""


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold().strip()
