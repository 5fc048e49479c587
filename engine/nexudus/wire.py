"""What an answer means. Values in, values out: status, headers, body -> one class of design 5.3.

It must never do I/O, never read a clock, never trust a body's `Status`, and never call anything a
success that is not proved to be one: 2xx, WasSuccessful true, and a usable Id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from whenever import Instant

from engine.core.identity import read_marks
from engine.nexudus.answers import (
    Absent,
    Ambiguous,
    Answer,
    Asked,
    Broken,
    Defer,
    Done,
    Fatal,
    Found,
    ReadAnswer,
    Record,
    RetrySafe,
    Sent,
)
from engine.nexudus.refusal import FieldError, error_in_words, field_errors, first_words
from engine.nexudus.throttle import retry_after

QUOTA_PAUSE = 3600.0
"""Seconds until a creation refused with "Access Denied" is tried again. The quota behind it is
counted by the day (seen live, api.md 1); an hour finds its end without asking much."""

UNREACHED_PAUSE = 60.0
"""Seconds until a call that never got through is tried again."""


_REFUSED_UNREAD = {405: "this kind of call", 413: "the size", 414: "the address", 415: "the format"}
"""Refused by the door before anything was read, so nothing was made."""


def judge_write(  # noqa: PLR0911 - one return a status is the table of design 5.3
    status: int, headers: Mapping[str, str], body: bytes, *, sent: Sent, now: Instant
) -> Answer:
    """The class of an answer to a create, update or delete. `headers` has lower-case names."""
    if status in {409, 429}:
        # 409 is the documented throttle and never means "already exists" (api.md 10).
        return _throttled(headers, body, now)
    if status == 401:
        return _judge_401(body, sent)
    if status == 403:
        return _role_missing(sent.role)
    if status == 404:
        return _judge_404(headers, body, sent)
    if status == 400:
        return _judge_400(body, sent)
    if status in _REFUSED_UNREAD:
        return Fatal(f"Nexudus refuses {_REFUSED_UNREAD[status]} of the request ({status})")
    if 200 <= status < 300:
        return _judge_2xx(body, sent)
    return Ambiguous(f"answer {status}")


def judge_error(what: str, *, bytes_sent: bool) -> RetrySafe | Ambiguous:
    """The class of a call that got no answer, by whether any byte of the request may have gone out."""
    return Ambiguous(what) if bytes_sent else RetrySafe(what)


def judge_read(  # noqa: PLR0911 - one return a status, as above
    status: int, headers: Mapping[str, str], body: bytes, *, asked: Asked, now: Instant
) -> ReadAnswer:
    """What an answer to a read is. A web page, a redirect or a receipt is never data."""
    if status in {409, 429}:
        return _throttled(headers, body, now)
    if status == 401 and not asked.login_renewed:
        return RetrySafe("the login has expired", renew_login=True)
    if status in {401, 403}:
        return _role_missing(asked.role)
    if 300 <= status < 400:
        return Broken("a redirect", status, is_api=False)
    if status in {200, 404} and is_page(headers, body):
        return Broken("a web page", status, is_api=False)
    if status == 404:
        return Absent()
    if status == 400:
        refused = _judge_400(body)
        return refused if isinstance(refused, Fatal) else Broken("the general failure", status)
    if status in _REFUSED_UNREAD:
        return Fatal(f"Nexudus refuses {_REFUSED_UNREAD[status]} of the request ({status})")
    return _judge_data(decoded(body)) if status == 200 else Broken(f"answer {status}", status)


def _judge_data(value: object) -> ReadAnswer:
    if not isinstance(value, dict | list):
        return Broken("an answer that is no data", 200)
    if isinstance(value, dict) and "WasSuccessful" in value:
        # The key's presence tells a receipt from a record (api.md 11); no read is answered with one.
        return Broken("a receipt instead of data", 200)
    return Found(value)


def _throttled(headers: Mapping[str, str], body: bytes, now: Instant) -> RetrySafe:
    return RetrySafe("too many calls", retry_after(headers, body, now), throttled=True)


def _judge_401(body: bytes, sent: Sent) -> Answer:
    if not sent.login_renewed:
        return RetrySafe("the login has expired", renew_login=True)
    if sent.kind == "create" and b"access denied" in body[:4096].lower():
        return Defer("Nexudus denies further creations today", QUOTA_PAUSE)
    return _role_missing(sent.role)


def _role_missing(role: str) -> Fatal:
    return Fatal(f"the login has no role {role}", role=role)


def _judge_404(headers: Mapping[str, str], body: bytes, sent: Sent) -> Answer:
    if is_page(headers, body):
        return Ambiguous("a web page instead of an answer")
    if sent.kind == "delete":
        return Done(usable_id(sent.record) or 0)  # already gone, which is what was wanted (api.md 2.6)
    return Fatal("the task is gone" if sent.kind == "update" else "Nexudus knows no such address")


def _judge_400(body: bytes, sent: Sent | None = None) -> Fatal | Ambiguous:
    envelope = decoded(body)
    if not isinstance(envelope, dict):
        return Fatal(first_words(envelope) or "refused without a reason (400)")
    words, errors = first_words(envelope.get("Message")), field_errors(envelope)
    if envelope.get("WasSuccessful") is True or _names_a_new_task(envelope, sent):
        return Ambiguous("answer 400 that calls itself a success")
    if not _name_a_field(errors) and _tell_the_general_failure(words, errors):
        # Mostly a 500; whether something was saved is unknown (api.md 11).
        return Ambiguous("answer 400 with the general failure text")
    errors = errors or error_in_words(words)
    return Fatal("refused" if errors else words or "refused without a reason (400)", errors)


def _name_a_field(errors: Sequence[FieldError]) -> bool:
    return any(error.property_name for error in errors)


def _tell_the_general_failure(words: str, errors: Sequence[FieldError]) -> bool:
    return any(text.lower().startswith("ooops") for text in (words, *(error.message for error in errors)))


def _names_a_new_task(envelope: Record, sent: Sent | None) -> bool:
    """Whether a refused creation carries an Id all the same: only a task that was made has one."""
    return sent is not None and sent.kind == "create" and usable_id(envelope.get("Value")) is not None


def _judge_2xx(body: bytes, sent: Sent) -> Answer:
    envelope = decoded(body)
    if not isinstance(envelope, dict) or "WasSuccessful" not in envelope:
        return Ambiguous("an answer that is no receipt")
    if envelope["WasSuccessful"] is False:
        errors = field_errors(envelope)
        if not _name_a_field(errors) or _names_a_new_task(envelope, sent):
            return Ambiguous("refused without saying why")
        return Fatal("refused", errors)
    if envelope["WasSuccessful"] is not True:
        return Ambiguous("a receipt that does not say whether it worked")
    return _judge_receipt(envelope.get("Value"), sent)


def _judge_receipt(value: object, sent: Sent) -> Answer:
    if sent.kind == "create":
        return _judge_created(value, sent.record)
    wanted = usable_id(sent.record) or 0
    if not isinstance(value, dict) or "Id" not in value:
        return Done(wanted)  # the Id that was asked for is known; a removal carries no Value
    if usable_id(value) != wanted:
        return Ambiguous("a receipt for another task")
    return Done(wanted, value)


def _judge_created(value: object, sent: Record) -> Answer:
    if not isinstance(value, dict):
        return Ambiguous("a receipt without the task")
    task_id = usable_id(value)
    if task_id is None:
        return Ambiguous("a receipt without a usable Id")
    if not _is_about(value, sent):
        return Ambiguous("a receipt for another task")
    return Done(task_id, value)


def _is_about(value: Record, sent: Record) -> bool:
    """Whether a receipt can belong to what was sent: a late answer on a reused line must not.

    Only fields that came back filled are compared, and texts only as far as they came back, since one
    too long may be cut (api.md 13, S16 and S23). Two tasks of a member may differ in their mark alone.
    """
    for name in ("CoworkerId", "BusinessId"):
        back = value.get(name)
        if back is not None and name in sent and back != sent[name]:
            return False
    if not all(_may_be_cut_from(value.get(name), sent.get(name)) for name in ("Name", "TaskItemUniqueId")):
        return False
    marks_back, marks_sent = _marks(value), _marks(sent)
    return not (marks_back and marks_sent) or marks_sent[0] in marks_back


def _may_be_cut_from(back: object, sent: object) -> bool:
    if not (isinstance(back, str) and back.strip() and isinstance(sent, str)):
        return True
    return " ".join(sent.split()).casefold().startswith(" ".join(back.split()).casefold())


def _marks(record: Record) -> list[str]:
    notes = record.get("Notes")
    return [mark.digits for mark in read_marks(notes)] if isinstance(notes, str) else []


def usable_id(record: object) -> int | None:
    """The Id of a record if it is one: a whole number above 0 of at most 64 bits; no bool, no text."""
    value = record.get("Id") if isinstance(record, Mapping) else None
    return value if is_id(value) else None


def is_id(value: object) -> bool:
    """Whether `value` can be an Id of Nexudus."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63


_NOT_JSON = object()


def decoded(body: bytes) -> object:
    """The JSON value of a body, or a value that is no dict, list or text where it is not JSON."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return _NOT_JSON


def is_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this is a web page: a portal or a proxy answered, not the API."""
    return "html" in headers.get("content-type", "").lower() or body.lstrip()[:1] == b"<"
