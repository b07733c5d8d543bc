"""What the records make of a filing: accepted, for an officer to look at, or refused with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from foundation.errors import Conflict, Unprocessable
from immigration.registries import addresses, offices
from immigration.registries.law import Law
from immigration.registries.records import Case, Records
from immigration.rules import due_dates, findings, readings
from immigration.rules import reports as rules
from immigration.rules.addresses import Address
from immigration.rules.codes import Reason, ReportStatus
from immigration.rules.policies import Policy
from immigration.services.keys import Signer

SYSTEM = "system"


class AddressUnknown(Unprocessable):
    """The subdistrict does not exist, or the postal code is not one of its own."""

    code = "address-unknown"


class TooEarly(Conflict):
    """The report cannot be filed yet."""

    code = "too-early"


class AlreadyReported(Conflict):
    """This period already has a report."""

    code = "already-reported"


class OtherRegime(Conflict):
    """No 90-day report is taken here for this visa class."""

    code = "other-regime"


_REFUSALS = {kind.code: kind for kind in (TooEarly, AlreadyReported, OtherRegime)}


@dataclass(frozen=True, slots=True)
class ReportForm:
    """A report as its author sends it."""

    address: Address
    phone: str
    email: str

    def contact(self) -> dict[str, str]:
        """Phone and e-mail, as they are sealed together."""
        return {"phone": self.phone, "email": self.email}


@dataclass(frozen=True, slots=True)
class Submission:
    """A form with the idempotency key it came under, and the digest of the body.

    `former_digest` is what an earlier release kept of the same body."""

    form: ReportForm
    key: str
    body_digest: bytes
    former_digest: bytes = b""


@dataclass(frozen=True, slots=True)
class FilingContext:
    """What filing stands on besides the database: the records, the law, and the signer."""

    records: Records
    law: Law
    signer: Signer
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the records make of a filing."""

    status: ReportStatus
    findings: list[findings.Finding]
    reasons: list[str]
    period: str
    due_on: date | None
    entered_on: date | None
    passport_id: int
    next_due_on: date | None


def office_of(address: Address) -> str | None:
    """The office in whose territory an address lies; None where subdistrict and postal code do not fit together."""
    subdistrict = addresses.lookup(address.subdistrict_code)
    if subdistrict is None or address.postal_code not in subdistrict.postal_codes:
        return None
    return offices.office_for(subdistrict.province_code).code


def unknown_address(address: Address) -> AddressUnknown:
    """The refusal of an address, with what may have been meant."""
    likely = addresses.suggestions(address.subdistrict_code, address.postal_code)
    return AddressUnknown(suggestions=[suggestion(subdistrict) for subdistrict in likely])


def suggestion(subdistrict: addresses.Subdistrict) -> dict[str, Any]:
    """A subdistrict as the API shows it."""
    return {
        "subdistrict_code": subdistrict.code,
        "subdistrict": {"th": subdistrict.name_th, "en": subdistrict.name_en},
        "district": {"th": subdistrict.district_th, "en": subdistrict.district_en},
        "province": {"th": subdistrict.province_th, "en": subdistrict.province_en},
        "postal_codes": list(subdistrict.postal_codes),
    }


def judge(case: Case, filing: findings.Filing, policy: Policy) -> Judgement:
    """What the records make of a filing; raises what refuses it.

    While the records cannot be read, the obligation as last kept says the period, and a later check the rest.
    """
    if case.facts:
        owed, obstacles = readings.to_file_under(case.facts, case.held, filing.on, policy)
    else:
        owed, obstacles = case.kept, rules.obstacles_to_filing(case.kept, case.held, filing.on, policy)
    refuse(obstacles)
    checks = findings.examine(case.facts, owed, filing, policy) if case.facts else findings.unavailable()
    reasons = findings.holding(checks, filing, case.facts, policy)
    return Judgement(
        status=ReportStatus.UNDER_REVIEW if reasons else ReportStatus.ACCEPTED,
        findings=checks,
        reasons=reasons,
        period=rules.period_of(owed, case.held, filing.on, policy),
        due_on=owed.window.due_on if owed.window else None,
        entered_on=owed.entered_on,
        passport_id=case.facts.passport.id if case.facts else max(case.documents),
        next_due_on=None if reasons else due_dates.next_due_after(owed, filing.on, policy),
    )


def examine(
    case: Case | None, period: str, filing: findings.Filing, policy: Policy
) -> tuple[dict[str, Any], list[str]]:
    """The checks of a stored report by the records of now, as they are kept, and why an officer has to look at it."""
    if case is None or case.facts is None:
        checks = findings.unavailable()
    else:
        owed = readings.of_period(case.facts, period, filing.on, policy)
        checks = findings.examine(case.facts, owed, filing, policy)
    reasons = findings.holding(checks, filing, case.facts if case else None, policy)
    return findings.to_keep(checks), reasons or [Reason.OTHER]


def refuse(obstacles: Sequence[rules.Obstacle]) -> None:
    """Raise the problem of the first obstacle, if there is one."""
    for obstacle in obstacles:
        members: dict[str, Any] = {}
        if obstacle.number:
            members["number"] = obstacle.number
        if obstacle.opens_on:
            members["opens_on"] = obstacle.opens_on.isoformat()
        raise _REFUSALS[obstacle.reason](obstacle.detail, **members)
