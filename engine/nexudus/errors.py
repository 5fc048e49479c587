"""What can go wrong between us and Nexudus, each with its own message and next step.

    UserError
    ├── LoginRefused               the login itself
    │   ├── SecondFactorWanted     the login asks for a code: make an API user
    │   └── PasswordMustBeReset    the login must change its password first
    ├── RoleMissing                the login works, this one right is missing
    ├── UnknownRecord              no such record (UnknownCoworker, UnknownUser)
    └── RequestRefused             a read that Nexudus calls wrong
    Unreachable
    └── NexudusUnreachable         no usable answer now
        ├── NotTheApi              something answers, but it is not the REST API
        ├── Throttled              too many calls; `seconds` says when to come back
        ├── UnreadableRecord       one record answers 500 while others may work
        └── IncompleteList         a list could not be read to its end

A message never holds a token, a password, an answer's body, or a member's name or e-mail.
"""

from __future__ import annotations

from engine.core.errors import Unreachable, UserError

API_USER_ADVICE = (
    "Make an admin user for the API alone (Nexudus: Settings, Users; API access on, two-factor off) "
    "and set NEXUDUS_USERNAME and NEXUDUS_PASSWORD to it."
)
TRY_AGAIN = "Nothing was lost; run the same command again later."


class LoginRefused(UserError):
    """The login did not work; asking again with the same values would not help."""


class SecondFactorWanted(LoginRefused):
    """Nexudus wants a one-time code, which no unattended process can give."""


class PasswordMustBeReset(LoginRefused):
    """Nexudus wants a new password before it lets this login in."""


class RoleMissing(UserError):
    """The login works and lacks one right. List and Read are separate rights (api.md 1)."""

    def __init__(self, role: str, *, doubt: str = "") -> None:
        self.role = role
        super().__init__(
            f"Nexudus refused the call: the login has no role {role}.{doubt}",
            advice=f"Give its user the role {role} in Nexudus (Settings, Users, Roles). "
            "A portal member's login has no such roles: use an admin user.",
        )


class UnknownRecord(UserError):
    """There is no such record, as far as Nexudus tells."""


class UnknownCoworker(UnknownRecord):
    """No coworker has this id."""

    def __init__(self, coworker_id: int, *, unsure: bool = False) -> None:
        self.coworker_id = coworker_id
        self.unsure = unsure
        told = "answered 500 twice for it, as it does for an unknown id" if unsure else "knows no such id"
        super().__init__(
            f"No coworker {coworker_id}: Nexudus {told}.",
            advice="Look the id up in Nexudus (the number in the address of the member's page)."
            + (" If the member is there, Nexudus has trouble now: try again later." if unsure else ""),
        )


class UnknownUser(UnknownRecord):
    """No admin user has this id or e-mail, or more than one has the e-mail."""


class RequestRefused(UserError):
    """Nexudus says that a read is wrong: a filter or a record type that this account does not take."""


class NexudusUnreachable(Unreachable):
    """Nexudus gave no usable answer within the time that one call may take.

    `status` is that of the last answer, 0 if there was none.
    """

    def __init__(self, message: str, *, advice: str = TRY_AGAIN, status: int = 0) -> None:
        self.status = status
        super().__init__(message, advice=advice)


class NotTheApi(NexudusUnreachable):
    """A web page or a redirect came where data should be."""

    def __init__(self, host: str, what: str) -> None:
        super().__init__(
            f"{host} answered with {what} instead of data.",
            advice="Check that NEXUDUS_BASE_URL is https://spaces.nexudus.com and not the address of "
            "the members' portal. If it is right, Nexudus has trouble now: try again later.",
        )


class Throttled(NexudusUnreachable):
    """Nexudus asks us to wait longer than one call may take."""

    def __init__(self, host: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{host} asks for a pause of {seconds:.0f} seconds.", advice=TRY_AGAIN)


class UnreadableRecord(NexudusUnreachable):
    """One record answers 500 again and again: it may be gone (seen live), or Nexudus is in trouble."""

    def __init__(self, what: str, record_id: int) -> None:
        self.record_id = record_id
        super().__init__(
            f"{what} {record_id} cannot be read: Nexudus answered 500 twice.",
            advice="Either it no longer exists or Nexudus has trouble now: "
            "look it up there, or try again later.",
        )


class IncompleteList(NexudusUnreachable):
    """A list that must be whole was not; what is missing from it is not known to be absent."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"The list of {what} could not be read to its end: {why}.", advice=TRY_AGAIN)
