"""The ways out for an alert, against a real receiver and a real mail server on this machine."""

from __future__ import annotations

import socket
import time
from email import message_from_string
from email.message import Message
from typing import Any

import pytest
from alert_given import client_context, mail_inbox, web_inbox
from whenever import Instant

from engine.core.errors import UserError
from engine.service import alert_senders
from engine.service.alert_senders import MailSender, MailServer, Notice, NotSent, UrlSender, make_senders

SINCE = Instant("2026-11-24T02:00:00Z")
NOTICE = Notice("hook off: barcelona x", "hooks", "The webhook is off.\nMend it.", SINCE, "open")
TO = ("ana@acme.example", "b@acme.example")
PASSWORD = "p4ss:w0rd@home"


def mailer(port: int, **server: Any) -> MailSender:
    usual: dict[str, Any] = {"host": "127.0.0.1", "port": port, "is_tls": False, "context": client_context()}
    return MailSender(MailServer(**(usual | server)), sender="tasks@acme.example", to=TO)


def test_an_alert_is_posted_as_json_to_exactly_the_address() -> None:
    with web_inbox() as inbox:
        UrlSender(inbox.url).send(NOTICE)
    assert inbox.paths == ["/alerts?key=s3cret"]
    assert inbox.notices == [
        {
            "cause": "hook off: barcelona x",
            "kind": "hooks",
            "text": "The webhook is off.\nMend it.",
            "since": "2026-11-24T02:00:00Z",
            "state": "open",
            "service": "tasklists",
        }
    ]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 500])
def test_a_redirect_or_a_refusal_is_not_sent_and_not_followed(status: int) -> None:
    with web_inbox() as inbox:
        inbox.statuses = [status]
        with pytest.raises(NotSent, match=f"answered {status}"):
            UrlSender(inbox.url).send(NOTICE)
    assert len(inbox.paths) == 1


def test_nobody_listening_is_told_without_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent) as failed:
            UrlSender(f"http://127.0.0.1:{taken.getsockname()[1]}/s3cret").send(NOTICE)
    assert "s3cret" not in str(failed.value)
    assert "127.0.0.1" not in str(failed.value)


def test_an_answer_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_senders, "SECONDS", 0.3)
    with web_inbox() as inbox:
        inbox.hold.clear()
        began = time.monotonic()
        with pytest.raises(NotSent, match="gave no answer"):
            UrlSender(inbox.url).send(NOTICE)
        assert time.monotonic() - began < 5


def read(mail: str) -> Message:
    return message_from_string(mail.replace("\r\n.\r\n", "\r\n"))


def test_a_mail_is_handed_in_whole_without_tls_or_login_where_none_is_asked_for() -> None:
    with mail_inbox() as inbox:
        mailer(inbox.port).send(NOTICE)
    mail = read(inbox.mails[0])
    assert mail["Subject"] == "[tasklists] alert: The webhook is off. Mend it."
    assert (mail["From"], mail["To"]) == ("tasks@acme.example", "ana@acme.example, b@acme.example")
    assert inbox.recipients == [["ana@acme.example", "b@acme.example"]]
    assert "since: 2026-11-24T02:00:00Z" in str(mail.get_payload())
    assert "AUTH" not in inbox.verbs


def test_starttls_is_taken_where_it_is_offered_and_the_password_goes_under_it() -> None:
    with mail_inbox(starttls=True, login=("ana", PASSWORD)) as inbox:
        mailer(inbox.port, username="ana", password=PASSWORD).send(NOTICE)
    assert "AUTH*" in inbox.verbs
    assert "AUTH" not in inbox.verbs
    assert len(inbox.mails) == 1


def test_tls_from_the_first_byte() -> None:
    with mail_inbox(tls=True, login=("ana", PASSWORD)) as inbox:
        mailer(inbox.port, username="ana", password=PASSWORD, is_tls=True).send(NOTICE)
    assert set(inbox.verbs) >= {"EHLO*", "AUTH*", "DATA*"}
    assert len(inbox.mails) == 1


def test_a_certificate_that_nobody_vouches_for_gets_no_password_and_no_mail() -> None:
    with mail_inbox(starttls=True, login=("ana", PASSWORD)) as inbox, pytest.raises(NotSent, match="SSL"):
        mailer(inbox.port, username="ana", password=PASSWORD, context=None).send(NOTICE)
    assert not {"AUTH", "AUTH*", "DATA", "DATA*"} & set(inbox.verbs)


def test_a_password_never_travels_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_senders, "is_loopback", lambda host: False)  # as if the server were far away
    with mail_inbox(login=("ana", PASSWORD)) as inbox, pytest.raises(NotSent, match="offers no STARTTLS"):
        mailer(inbox.port, username="ana", password=PASSWORD).send(NOTICE)
    assert inbox.verbs == ["EHLO", "QUIT"]


def test_a_refused_login_is_told_without_the_password() -> None:
    with mail_inbox(login=("ana", "another")) as inbox, pytest.raises(NotSent, match="answered 535") as failed:
        mailer(inbox.port, username="ana", password=PASSWORD).send(NOTICE)
    assert PASSWORD not in str(failed.value)


def test_one_refused_recipient_does_not_have_the_others_mailed_again() -> None:
    with mail_inbox(refuses=TO[1:]) as inbox:
        assert mailer(inbox.port).send(NOTICE) == "refused 1 of 2 recipients"
    assert inbox.recipients == [[TO[0]]]
    with mail_inbox(refuses=TO) as inbox, pytest.raises(NotSent):
        mailer(inbox.port).send(NOTICE)


GOOD = {"alert_url": "", "smtp_url": "", "alert_from": "", "alert_to": ""}


def test_nothing_set_is_no_sender_and_each_setting_makes_one() -> None:
    assert make_senders(**GOOD) == ()
    made = make_senders(
        alert_url="https://hooks.example/x",
        smtp_url="smtp://ana:p%40ss@mail.example",
        alert_from="",
        alert_to="ana@acme.example, ben@acme.example",
    )
    assert [sender.name for sender in made] == ["the alert URL", "the mail server"]
    assert "p@ss" not in repr(made)


def test_all_that_is_wrong_is_told_at_once_and_no_secret_with_it() -> None:
    wrong = {
        "alert_url": "hooks.example/s3cret",
        "smtp_url": "mail.example:s3cret",
        "alert_from": "nobody",
        "alert_to": "ana",
    }
    with pytest.raises(UserError) as refused:
        make_senders(**wrong)
    told = str(refused.value)
    names = ("TASKLISTS_ALERT_URL", "TASKLISTS_SMTP_URL", "TASKLISTS_ALERT_FROM", "TASKLISTS_ALERT_TO")
    assert all(name in told for name in names)
    assert "s3cret" not in told


@pytest.mark.parametrize("given", [{"smtp_url": "smtp://mail.example"}, {"alert_to": "ana@acme.example"}])
def test_a_mail_server_without_recipients_and_the_other_way_round_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(UserError):
        make_senders(**(GOOD | given))
