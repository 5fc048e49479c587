"""The keys that real answers carried, per entity: every record of the sandbox has these, set or not.

Tasks, coworkers, contracts, teams and desks as recorded on a live account; the others as
documented. Must never hold a key of ours. What a task keeps but never shows
(TaskItemUniqueId, Reminded, DueDateLocal) is left out on purpose.
"""

from __future__ import annotations


def _keys(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TASK = _keys(
    """
    Id BusinessId BusinessName Completed CoworkerCompanyName CoworkerFullName CoworkerId CoworkerTeamNames
    CreatedOn CustomFields DisplayToEveryone DueDate FormPageRequestUniqueId IsNew LocalizationDetails Name
    Notes NotifyByEmail ResponsibleFullName ResponsibleId SystemId TaskListName ToStringText UniqueId
    UpdatedBy UpdatedOn
    """
)

_COWORKER_FIXED = _keys(
    """
    Id AccessCardId AccessPincode Active AddedBusinesses AddedTeams Address AiSessionId AlertNote
    AllowNetworkCheckin Archived AvatarFileName BankAccount BankBranch BankName BannerImageFileName
    BillingAddress BillingCityName BillingCountryId BillingDay BillingEmail BillingLatitude
    BillingLongitude BillingName BillingPostCode BillingSimpleTimeZoneId BillingState Blogger
    BusinessArea BusinessNames Businesses CanAccessCommunity CanBookForTeam CanMakeBookings
    CanPurchaseEvents CanPurchaseProducts CancellationDate CardNumber CheckinSinceLastRenewal
    ChurnProbability CityName ClearAvatarFile ClearBannerImageFile CompanyName CountryId
    CoworkerContractIds CoworkerContractTariffNames CoworkerType CreateSingleInvoiceForTeam CreateUser
    CreatedOn CurrentAccessSignature CustomFields DateOfBirth Desks DoNotProcessInvoicesAutomatically
    Email EnableGoCardlessPayments EngagementLevel EzeepBlueFreePrinting EzeepBluePrintingEnabled
    EzeepBlueUserId EzeepFreePrinting EzeepPrintingEnabled EzeepUserId Facebook Flickr FridayAttendance
    FullName Gender GeneralTermsAccepted Github GoCardlessContractNumber Google GuessedFirstName
    GuessedFirstNameForInvoice GuessedLastName GuessedLastNameForInvoice HasAcceptedStripeACHAgreement
    HasDueInvoices HasVerifiedStripeACHDeposits Instagram InvoiceDueDateDay InvoiceDueDatePeriod
    InvoiceSegregateBookings InvoiceSegregateCharges InvoiceSegregateContracts InvoiceSegregateProducts
    InvoiceSegregateTickets InvoiceSegregateTimePasses InvoiceSegregationOverride InvoicingBusinessId
    InvoicingBusinessName InvoicingOrder IsAdmin IsDefaultProfile IsNew IsTeamAdministrator KeyFobNumber
    LandLine Latitude Linkedin LocalizationDetails Longitude MinutesSinceLastRenewal MobilePhone
    MondayAttendance NewAvatarUrl NewBannerImageUrl NextAutoInvoice NextTariffId NextTariffName NickName
    Notes NotifyOnDeliveriesEmail NotifyOnDelivery NotifyOnFailedPayment NotifyOnNewInvoice
    NotifyOnNewPayment PaperCutFreePrinting PaperCutPayAsYouPrint PaperCutUserId Password Pinterest
    Position PostCode ProfileIsPublic ProfileSummary ProfileTags ProfileWebsite PurchaseOrder Quantity
    RecurrentProductsNames ReferenceNumber RegistrationDate RegularPaymentContractNumber
    RegularPaymentProvider RemovedBusinesses RemovedTeams RenewalDate Salutation SaturdayAttendance
    ShortDescription ShowAlert ShowPayingMemberInvoices SignUpToNewsletter SimpleTimeZoneId Skype
    StartDate State StripeACHBankToken StripeACHCustomerToken StripeBacsDDCustomerToken
    StripeBacsDDEnabled StripeBacsDDMandateId StripeBacsDDPaymentMethodId SundayAttendance
    SyncToPaperCutDue SyncToSquare SystemId Tag TariffId TariffInvoiceEvery TariffInvoiceEveryWeeks
    TariffName TaxIDNumber TaxRate TaxRateType TeamId TeamIds TeamName TeamNames Teams Telegram
    ThursdayAttendance ToStringText TotalActiveContracts TotalDepositsActiveContracts
    TotalDepositsNewContracts TotalNewContracts TotalNonRefundableDepositsActiveContracts
    TotalNonRefundableDepositsNewContracts TotalRecurrentProducts TotalRefundableDepositsActiveContracts
    TotalRefundableDepositsNewContracts TourBusinessId TourDate TuesdayAttendance Tumblr Twitter
    UniqueId UnitPrice UpdatedBy UpdatedOn UserActive UserFullName UserId UserIsAdmin UserLastAccess
    UserReceiveCommunityDigest UserReceiveEveryMessage Variants Vimeo WednesdayAttendance
    """
)

COWORKER = (*_COWORKER_FIXED, *(f"Custom{number}" for number in range(1, 31)))

CONTRACT = _keys(
    """
    Id Active AddedDesks AddedVariants AddressChecksDueOn ApplyProRating BillingDay CancelTeamContracts
    CancellationDate CancellationLimitDays CancellationNotes CancellationReason Cancelled ContractTerm
    CourseMemberUniqueId CoworkerActive CoworkerBillingName CoworkerCompanyName CoworkerCoworkerType
    CoworkerEmail CoworkerFullName CoworkerId CreatedOn CustomFields DeliveryHandlingPreferenceChecks
    DeliveryHandlingPreferenceMail DeliveryHandlingPreferenceParcels DeliveryHandlingPreferencePublicity
    DeliveryInstructions DepositProductNames DeskAreas DeskCapacity DeskPrice DeskSize Desks
    DurationInDays DurationInMonths DurationInWeeks FloorPlanDeskAreas FloorPlanDeskIds
    FloorPlanDeskNames FloorPlanDeskVariantIds FloorPlanDeskVariantNames IdentityChecksDueOn
    InPausedPeriod InPausedPeriodFrom InPausedPeriodUntil IncludeSignupFee InvoiceAdvancedCycles
    InvoicedPeriod IsNew IssuedByAddress IssuedById IssuedByName LocalizationDetails MainContract
    NextAutoInvoice NextTariffId NextTariffName Notes PoBoxNumber Price PricePlanTermsAccepted
    PricePlanTermsAcceptedOn PriceWithProducts PriceWithProductsAndDeposits ProRateCancellation
    ProposalContractUniqueId ProposalUniqueId PurchaseOrder Quantity RemovedDesks RemovedVariants
    RenewalDate Schedules StartDate SystemId TariffCurrencyCode TariffId TariffInvoiceEvery
    TariffInvoiceEveryWeeks TariffName TariffPrice TermDurationInDays TermDurationInMonths
    TermDurationInWeeks ToStringText TotalDeposits TotalNonRefundableDeposits TotalPrice
    TotalRefundableDeposits UniqueId UnitPrice UpdatedBy UpdatedOn Value Variants
    """
)

TEAM = _keys(
    """
    Id ActiveContracts BusinessId BusinessName CreateSingleInvoiceForTeam CreatedOn IsNew Name
    ProfileIsPublic ShareBookingCredit ShareExtraServices ShareTimePasses TeamAdministrators TeamMembers
    ToStringText TransferCreditsToPayingMember UniqueId UpdatedBy UpdatedOn UseSpecialPrices
    PayingMemberId PayingMemberFullName MaxTeamMemberCount Description
    """
)

DESK = _keys(
    """
    Id Area Available AvailableFromTime AvailableFromTimeLocal Capacity CoworkerId CreatedOn
    FloorPlanBusinessCurrencyCode FloorPlanBusinessId FloorPlanBusinessName FloorPlanCapacity
    FloorPlanId FloorPlanName IsNew ItemType Name PositionX PositionY PositionZ Price Size ToStringText
    UniqueId UpdatedBy UpdatedOn CoworkerFullName CoworkerContractIds ResourceId AccessControlGroupId
    Notes SystemId
    """
)

BUSINESS = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields Name WebAddress RootLocationId CountryId CountryName CurrencyId CurrencyCode
    SimpleTimeZoneId DefaultLanguage SpaceWebsiteLanguageCulture Address TownCity PostalCode
    EmailContact Phone
    """
)

TIME_ZONE = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields Name Description TimeOffset UsesSummerTime
    """
)

USER = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields FullName Email Active IsAdmin APIAccess Validated DefaultBusinessId Businesses
    UserRoles LastAccess Language ReceiveCommunityDigest ReceiveEveryMessage AccessToken Password
    PasswordSalt TwoFactorSecret
    """
)

TARIFF = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields BusinessId BusinessName Name Price CurrencyCode InvoiceEvery InvoiceEveryWeeks Visible
    Archived
    """
)

TASK_LIST = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields BusinessId BusinessName Name Active Tariffs AssignToNewContacts AssignToNewMembers
    AssignToCancellations
    """
)

TASK_ITEM = _keys(
    """
    Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails
    CustomFields TaskListId TaskListName ResponsibleId ResponsibleFullName Name Active NotifyByEmail
    DisplayToEveryone DelayInHours
    """
)

_STAMPED = "Id UniqueId CreatedOn UpdatedOn UpdatedBy IsNew SystemId ToStringText LocalizationDetails CustomFields"

#: what makes a stage of the customer board take a person in
BOARD_SWITCHES = _keys(
    """
    TourRequests ToursConfirmed TourCompleted WinOpportunity LoseOpportunity SignUps Bookings Cancellations
    ProposalsSent ProposalsAccepted DocumentsSigned EventRegistrations EventCheckins ContactMessages
    ProductPurchased ResourceBooked ActivateAccount DeleteAccount DeactivateAccount ConfirmTour
    """
)

BOARD_COLUMN = (
    *_keys(_STAMPED),
    *_keys(
        """
        CrmBoardId CrmBoardName CrmBoardBusinessId CrmBoardBusinessName Name Position CannedResponseId
        TaskListId UseTaskListAsResponsible Products Resources
        """
    ),
    *BOARD_SWITCHES,
)

WEBHOOK = (
    *_keys(_STAMPED),
    *_keys("BusinessId BusinessName Name Description Action URL Active LastError ErrorCount LastTrigger"),
)

PRODUCT = (
    *_keys(_STAMPED),
    *_keys(
        """
        BusinessId BusinessName CoworkerId CoworkerFullName ProductId ProductName Price Quantity Notes
        RegularCharge RepeatFrom RepeatUntil InvoiceOn Invoiced SaleDate
        """
    ),
)

INVOICE = (
    *_keys(_STAMPED),
    *_keys(
        """
        BusinessId BusinessName CoworkerId CoworkerFullName InvoiceNumber Description TotalAmount CurrencyCode
        Paid PaidOn DueDate Draft CreditNote
        """
    ),
)

CHECKIN = (
    *_keys(_STAMPED),
    *_keys("BusinessId BusinessName CoworkerId CoworkerFullName FromTime ToTime Source"),
)

# What a delivery tells of a record: the fields seen in real ones, and those that the REST shape lets expect.
TOLD_CONTRACT = _keys(
    """
    Id UniqueId CoworkerId CoworkerFullName CoworkerEmail CoworkerCompanyName CoworkerCoworkerType CoworkerActive
    IssuedById IssuedByName TariffId TariffName NextTariffId NextTariffName StartDate StartDateLocal RenewalDate
    ContractTerm Price Quantity Active MainContract Cancelled CancellationDate CancellationDateLocal
    ProposalUniqueId Notes CreatedOn UpdatedOn UpdatedBy IsNew SystemId
    """
)

TOLD_COWORKER = (
    *_keys(
        """
        Id UniqueId CoworkerType FullName Email CompanyName Active Archived RegistrationDate
        RegistrationDateLocal InvoicingBusinessId InvoicingBusinessName TeamNames Notes
        """
    ),
    *(f"Custom{number}" for number in range(1, 31)),
    *_keys("CustomFields CreatedOn UpdatedOn UpdatedBy IsNew SystemId"),
)

TOLD_TEAM = _keys(
    """
    Id UniqueId Name BusinessId BusinessName PayingMemberId PayingMemberFullName TeamMembers TeamAdministrators
    MaxTeamMemberCount ActiveContracts Description CreatedOn UpdatedOn UpdatedBy IsNew
    """
)
