"""What the records make of a filing: accepted, for an officer to look at, or refused with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from foundation.errors import Conflict, Unprocessable
from immigration.registries import addresses, offices
from immigration.registries.law import Law
from immigration.registries.records import Case, Records
from immigration.rules import due_dates, findings
from immigration.rules import reports as rules
from immigration.rules.addresses import Address
from immigration.rules.codes import Channel
from immigration.rules.due_dates import Obligation
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
class Form:
    """A report as its author sends it."""

    address: Address
    phone: str
    email: str

    def contact(self) -> dict[str, str]:
        """Phone and e-mail, as they are sealed together."""
        return {"phone": self.phone, "email": self.email}


@dataclass(frozen=True, slots=True)
class Sent:
    """A form with the idempotency key it came under, and the SHA-256 of the body."""

    form: Form
    key: str
    body_digest: bytes


@dataclass(frozen=True, slots=True)
class FilingContext:
    """What filing stands on besides the database: the records, the law, and the pen that signs."""

    records: Records
    law: Law
    signer: Signer
    issuer: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the records make of a filing."""

    status: str
    findings: list[findings.Finding]
    reasons: list[str]
    period: str
    due_on: date | None
    entered_on: date | None
    passport_id: int
    next_due_on: date | None


def office_of(address: Address) -> str | None:
    """The office in whose territory an address lies; None where subdistrict and postal code do not fit together."""
    found = addresses.lookup(address.subdistrict_code)
    if found is None or address.postal_code not in found.postal_codes:
        return None
    return offices.office_for(found.province_code).code


def unknown_address(address: Address) -> AddressUnknown:
    """The refusal of an address, with what may have been meant."""
    likely = addresses.suggestions(address.subdistrict_code, address.postal_code)
    return AddressUnknown(suggestions=[suggestion(one) for one in likely])


def suggestion(found: addresses.Subdistrict) -> dict[str, Any]:
    """A subdistrict as the API shows it."""
    return {
        "subdistrict_code": found.code,
        "subdistrict": {"th": found.name_th, "en": found.name_en},
        "district": {"th": found.district_th, "en": found.district_en},
        "province": {"th": found.province_th, "en": found.province_en},
        "postal_codes": list(found.postal_codes),
    }


def judge(case: Case, filing: findings.Filing, policy: Policy) -> Judgement:
    """What the records make of a filing; raises what refuses it."""
    if case.facts is None:
        return _judge_blind(case, filing, policy)
    owed = due_dates.obligation(case.facts, filing.on, policy, explain=False)
    refuse(rules.obstacles_to_filing(owed, case.held, filing.on, policy))
    found = findings.examine(case.facts, owed, filing, policy)
    reasons = findings.holding(found, filing, policy)
    next_due_on = None if reasons else next_due_after(owed, filing.on, policy)
    return Judgement(
        "under-review" if reasons else "accepted",
        found,
        reasons,
        rules.period_of(owed, case.held, filing.on, policy),
        owed.window.due_on if owed.window else None,
        owed.entered_on,
        case.facts.passport.id,
        next_due_on,
    )


def next_due_after(owed: Obligation, filed_on: date, policy: Policy) -> date:
    """The next due date that a report filed online on `filed_on` earns."""
    window = owed.window
    return due_dates.next_due(
        window.due_on if window else None, window.late_after if window else None, filed_on, Channel.ONLINE, policy
    )


def _judge_blind(case: Case, filing: findings.Filing, policy: Policy) -> Judgement:
    """While the records cannot be read: the obligation as last kept says the period, a later check the rest."""
    owed = case.kept
    refuse(rules.obstacles_to_filing(owed, case.held, filing.on, policy))
    found = findings.unavailable()
    reasons = findings.holding(found, filing, policy)
    passport_id = max(case.documents)
    due_on = owed.window.due_on if owed.window else None
    period = rules.period_of(owed, case.held, filing.on, policy)
    return Judgement("under-review", found, reasons, period, due_on, owed.entered_on, passport_id, None)


def refuse(obstacles: Sequence[rules.Obstacle]) -> None:
    """Raise the problem of the first obstacle, if there is one."""
    for obstacle in obstacles:
        members: dict[str, Any] = {}
        if obstacle.number:
            members["number"] = obstacle.number
        if obstacle.opens_on:
            members["opens_on"] = obstacle.opens_on.isoformat()
        raise _REFUSALS[obstacle.reason](obstacle.detail, **members)
