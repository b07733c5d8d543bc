"""The codes that rules give and the API shows: each set in one place, so that clients can be exhaustive."""

from enum import StrEnum


class RegimeName(StrEnum):
    """How a stay obliges to report."""

    NINETY_DAYS = "90-day"
    YEARLY = "yearly"
    EXEMPT = "exempt"
    UNCLEAR = "unclear"


class ObligationState(StrEnum):
    """Where a day lies in the window of an obligation."""

    NOT_OPEN = "not-open"
    OPEN = "open"
    DUE_TODAY = "due-today"
    IN_GRACE = "in-grace"
    LATE = "late"
    NONE = "none"


class StepCode(StrEnum):
    """A step of the explanation of a date."""

    ABROAD = "abroad"
    ENTERED = "entered"
    REGIME = "regime"
    WHERE_TO_GO = "where-to-go"
    RECORDS_UNAVAILABLE = "records-unavailable"
    COUNTED_FROM_ARRIVAL = "counted-from-arrival"
    COUNTED_ONE_YEAR_FROM_ARRIVAL = "counted-one-year-from-arrival"
    EXTENSION_COUNTS_AS_REPORT = "extension-counts-as-report"
    COUNTED_FROM_EXTENSION = "counted-from-extension"
    REPORTED = "reported"
    STATED_ON_RECEIPT = "stated-on-receipt"
    COUNTED_FROM_REPORT = "counted-from-report"
    COUNTED_ONE_YEAR_FROM_REPORT = "counted-one-year-from-report"
    REGIME_CHANGED = "regime-changed"
    COUNTED_FROM_CHANGE = "counted-from-change"
    COUNTED_ONE_YEAR_FROM_CHANGE = "counted-one-year-from-change"
    CAME_BACK_ON_PERMISSION = "came-back-on-permission"
    EXTENSION_CHANGES_NOTHING = "extension-changes-nothing"
    RECEIPT_STATES_LATER = "receipt-states-later"
    OTHER_READING = "other-reading"
    OPENS = "opens"
    ONLINE_CLOSES = "online-closes"
    GRACE_ENDS = "grace-ends"
    ARRIVAL_DAY_LEFT_OUT = "arrival-day-left-out"
    ROLLED_TO_WORKING_DAY = "rolled-to-working-day"
    EXTENDED_BY_OUTAGE = "extended-by-outage"
    EXTENDED_BY_WAIVER = "extended-by-waiver"
    NOT_LATE_UNTIL = "not-late-until"
    STAY_ENDS_BEFORE_DUE = "stay-ends-before-due"
    LEAVING_STARTS_AGAIN = "leaving-starts-again"
    LEAVING_IN_GRACE = "leaving-in-grace"
    IF_LATE = "if-late"


class PassportStatus(StrEnum):
    """What the issuing state says of a passport."""

    VALID = "valid"
    EXPIRED = "expired"
    LOST = "lost"
    STOLEN = "stolen"
    CANCELLED = "cancelled"


class BirthParts(StrEnum):
    """Which parts of a birth date are known: year, month, day."""

    ALL = "ymd"
    NO_DAY = "ym"
    NO_MONTH = "yd"
    ONLY_YEAR = "y"


class BirthDateFault(StrEnum):
    """Why a text is no birth date."""

    UNREADABLE = "birth-date-unreadable"
    IMPOSSIBLE = "birth-date-impossible"
    TOO_EARLY = "birth-date-too-early"
    FUTURE = "birth-date-in-future"
    BUDDHIST_YEAR = "birth-year-buddhist"


class Direction(StrEnum):
    """Which way a border was crossed."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"


class PermissionKind(StrEnum):
    """How a permission to stay came about."""

    EXTENSION = "extension"
    CHANGE = "change"


class Channel(StrEnum):
    """Through which a report came to the Immigration Bureau."""

    COUNTER = "counter"
    AGENT = "agent"
    POST = "post"
    ONLINE = "online"


class Assurance(StrEnum):
    """How an activation code reached its owner.

    From an officer who saw person and passport, or at the contact given on arrival.
    """

    COUNTER = "counter"
    MAIL = "mail"


class KeyPurpose(StrEnum):
    """What a signing key signs."""

    ACCESS = "access"
    STATEMENT = "statement"
    SEAL = "seal"


class OpenIdFault(StrEnum):
    """Why a sign-in with the identity provider was refused."""

    STATE = "state"
    DENIED = "denied"
    CODE = "code"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    EXPIRED = "expired"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    NONCE = "nonce"
    STRENGTH = "strength"
    NAME = "name"
    ROLE = "role"
    OFFICE = "office"
    CLOSED = "closed"


class ReportStatus(StrEnum):
    """The state of a report; what may happen in each is in `rules/reports.py`."""

    ACCEPTED = "accepted"
    UNDER_REVIEW = "under-review"
    RETURNED = "returned"
    REJECTED = "rejected"
    NEEDS_VISIT = "needs-visit"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What an officer may decide."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    REJECTED = "rejected"
    NEEDS_VISIT = "needs-visit"


class ActingObstacle(StrEnum):
    """Why an officer cannot decide a report at present."""

    ROLE = "role"
    NOT_UNDER_REVIEW = "not-under-review"
    OWN_DECISION = "own-decision"
    CLAIMED = "claimed"


class CaseSubject(StrEnum):
    """What a case is usually about; it may also name a report, or a fact that is shown."""

    REPORT_MISSING = "report-missing"
    ENTRY = "entry"
    PERMISSION = "permission"
    PASSPORT = "passport"
    RESIDENCE = "residence"
    DUE_DATE = "due-date"
    CORRECTION = "correction"
    ERASURE = "erasure"


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    TRANSFERRED = "transferred"
    ANSWERED = "answered"


class CaseOutcome(StrEnum):
    """What an officer found about a case."""

    CORRECTED = "corrected"
    EXPLAINED = "explained"
    REFUSED = "refused"


class CorrectionStatus(StrEnum):
    """What became of a correction of an address."""

    APPLIED = "applied"
    UNDER_REVIEW = "under-review"
    REFUSED = "refused"


class CorrectionOutcome(StrEnum):
    """What an officer may decide of a correction of an address."""

    APPLIED = "applied"
    REFUSED = "refused"


class CheckName(StrEnum):
    """What is checked when a report is filed, in the order in which it is shown."""

    REGIME = "regime"
    IDENTITY = "identity"
    PASSPORT = "passport"
    ENTRY = "entry"
    RE_ENTRY = "re-entry"
    PERMISSION_TO_STAY = "permission-to-stay"
    WINDOW = "window"
    FIRST_REPORT = "first-report"
    NEW_PASSPORT = "new-passport"
    RESIDENCE = "residence"
    OFFICE = "office"
    DUPLICATE = "duplicate"


class CheckOutcome(StrEnum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a report is refused, or an officer has to decide it."""

    TOO_EARLY = "too-early"
    ALREADY_REPORTED = "already-reported"
    OTHER_REGIME = "other-regime"
    ADDRESS_UNKNOWN = "address-unknown"
    NO_RESIDENCE_RECORD = "no-residence-record"
    ADDRESS_MISMATCH = "address-mismatch"
    WRONG_OFFICE = "wrong-office"
    REENTRY_AFTER_LAST = "reentry-after-last"
    FIRST_REPORT = "first-report"
    NEW_PASSPORT = "new-passport"
    TOO_LATE = "too-late"
    ENTRY_NOT_FOUND = "entry-not-found"
    ENTRY_MISMATCH = "entry-mismatch"
    IDENTITY_MISMATCH = "identity-mismatch"
    PASSPORT_INVALID = "passport-invalid"
    STAY_EXPIRED = "stay-expired"
    SOURCE_UNAVAILABLE = "source-unavailable"
    DUPLICATE = "duplicate"
    OTHER = "other"


class ContactFault(StrEnum):
    """Why a text can be no phone number or e-mail address."""

    EMAIL_INVALID = "email-invalid"
    EMAIL_TOO_LONG = "email-too-long"
    PHONE_INVALID = "phone-invalid"
    PHONE_LENGTH = "phone-length"


class TripFault(StrEnum):
    """Why a trip abroad cannot be as it was given."""

    NO_DEPARTURE = "no-departure"
    ABROAD_ALREADY = "abroad-already"
    IN_THE_PAST = "in-the-past"
    RETURNS_BEFORE_LEAVING = "returns-before-leaving"
    TOO_FAR_AHEAD = "too-far-ahead"


class BeforeLeaving(StrEnum):
    """What a person has to do before a trip abroad."""

    NOTHING_DUE = "nothing-due"
    REPORT_FIRST = "report-first"
    STAY_ENDS_FIRST = "stay-ends-first"


class ApprovalKind(StrEnum):
    """What a second person is asked to approve."""

    NEXT_DUE_DATE = "next-due-date"
    REOPENING = "reopening"
    LOOK = "look"
    LAW_ENTRY = "law-entry"
    LAW_ENDING = "law-ending"


class ApprovalOutcome(StrEnum):
    """What a second person answers."""

    APPROVED = "approved"
    REFUSED = "refused"


class ApprovalState(StrEnum):
    """Where an approval stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"


class StatementKind(StrEnum):
    """What a number or a statement stands for."""

    RECEIPT = "receipt"
    FILING = "filing"
    ADDRESS_CORRECTION = "address-correction"


class VerdictStatus(StrEnum):
    """What is known of a number or a statement that somebody holds: the state of its report, or why it is nothing.

    A receipt is `accepted` while the acceptance stands that it was issued with, else `void` or `record-corrected`.
    """

    ACCEPTED = "accepted"
    UNDER_REVIEW = "under-review"
    RETURNED = "returned"
    REJECTED = "rejected"
    NEEDS_VISIT = "needs-visit"
    WITHDRAWN = "withdrawn"
    APPLIED = "applied"
    REFUSED = "refused"
    VOID = "void"
    RECORD_CORRECTED = "record-corrected"
    NOT_ON_RECORD = "not-on-record"
    NOT_OF_THIS_SERVICE = "not-of-this-service"
    INVALID_SIGNATURE = "invalid-signature"
    WRONG_CHECK_CHARACTER = "wrong-check-character"


class Alarm(StrEnum):
    """What is unusual."""

    MANY_READS = "many-reads"
    MANY_MISSES = "many-misses"
    NO_OFFICE = "no-office"
    BEYOND_OFFICES = "beyond-offices"
    CODE_BEYOND_OFFICES = "code-beyond-offices"
    OWN_LINK = "own-link"
    OWN_CODE = "own-code"


class AccessAct(StrEnum):
    """What an officer did that let them see a person's data."""

    LOOKED_UP = "looked-up"
    REPORT_OPENED = "report-opened"
    EXCEPTION_OPENED = "exception-opened"
    CODE_ISSUED = "code-issued"
    AUDITED = "audited"
    CASE_READ = "case-read"


class Link(StrEnum):
    """What makes a person an officer's to see."""

    OWN_OFFICE = "own-office"
    NO_OFFICE = "no-office"
    EXCEPTION = "exception"
