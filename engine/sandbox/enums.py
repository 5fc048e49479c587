"""Enumerations as `/api/utils/enums` gives them: the names of the numbers that records hold.

Must never be computed: the vendor's numbering follows no rule.
"""

from __future__ import annotations

# The 90 actions of a webhook in the order of their numbers, the vendor's spelling kept.
_WEBHOOK_ACTIONS = """
    None CoworkerUpdate CoworkerCreate BlogPostCreate BlogPostUpdate BookingCreate BookingUpdate BookingDelete
    SendWelcomeEmail CoworkerContractActivate CoworkerContractCancel CoworkerContractRenew
    CoworkerContractUpgradeDowngrade CoworkerContractActivateFirst CoworkerInvoiceCreateFirst CoworkerInvoiceCreate
    CoworkerInvoiceDelete CoworkerInvoiceUpdate CoworkerInvoiceRefund CoworkerInvoiceCreditNote CoworkerInvoicePaid
    CoworkerInvoiceFailedPayment CoworkerInvoiceReceivedPayment CoworkerInvoiceAwaitingPayment CalendarEventCreate
    CalendarEventUpdate CalendarEventAttendeeDelete CalendarEventAttendeeCreate CalendarEventAttendeeUpdate
    GlobalChatMessageCreate NewsLetterSubscriberCreate NewsLetterSubscriberSubscribed
    NewsLetterSubscriberUnSubscribed NewsLetterSubscriberRemovedFromGroup CoworkerCheckout CoworkerCheckin
    CoworkerCheckinFailed VisitorNotification CommunityBoardNewThread CommunityBoardNewReply VisitorCheckedin
    VisitorRegistered BlogPostDelete CalendarEventDelete HelDeskMessageCreated HelpDeskCommentCreated CheckinCreated
    CheckinUpdated CheckinDeleted CoworkerDelete CoworkerMessageCreate DeliveryCreated DeliveryAssigned
    ProposalCreated ProposalUpdated ProposalDeleted TeamCreated TeamUpdated TeamDeleted CoworkerContractUpdate
    AccessControlUpdate CoworkerContractCreate FailedCheckin VisitorDeleted CoworkerInvoiceLedgerEntryCreate
    CoworkerInvoiceLedgerEntryDelete CoworkerInvoiceLedgerEntryUpdate CoworkerProductCreate CoworkerProductUpdate
    CoworkerProductDelete FloorPlanDeskCreate FloorPlanDeskDelete FloorPlanDeskUpdate TariffCreate TariffDelete
    TariffUpdate CoworkerContractDelete FloorPlanCreate FloorPlanDelete FloorPlanUpdate ProductCreate ProductDelete
    ProductUpdate BusinessUpdate CommunityGroupCreate CommunityGroupDelete CommunityGroupUpdate
    CoworkerPaymentMethodCreate CoworkerPaymentMethodDelete CoworkerPaymentMethodUpdate
"""

#: by lower-case name: number and name of each value
ENUMS = {"ewebhookaction": tuple(enumerate(_WEBHOOK_ACTIONS.split(), start=1))}


def read_enum(name: str) -> list[dict[str, object]] | None:
    """`[{Id, Name}]` of an enumeration, compared without regard to case; None when there is none."""
    values = ENUMS.get(name.lower())
    return None if values is None else [{"Id": number, "Name": value} for number, value in values]
