"""What is checked when a report is filed, and what each finding does. The machine never rejects a stored report."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from immigration.rules import stays
from immigration.rules.birth_dates import disagree
from immigration.rules.codes import Assurance, CheckName, CheckOutcome, PassportStatus, RegimeName
from immigration.rules.due_dates import Obligation
from immigration.rules.facts import Facts, Residence
from immigration.rules.policies import Policy

PASSED, FAILED, UNKNOWN = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.UNKNOWN
UNAVAILABLE = "source-unavailable"
CHECKS = tuple(CheckName)


@dataclass(frozen=True, slots=True)
class Filing:
    """A report as it comes in: the day, where the person says to live, and how the phone was activated.

    `activated_passport_id` is the passport that the phone was activated with; None where that was not recorded.
    """

    on: date
    assurance: str
    subdistrict_code: str
    house_number: str
    office: str
    activated_passport_id: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: passed, failed or unknown, with a reason code unless passed."""

    check: str
    reason: str | None = None

    @property
    def outcome(self) -> str:
        """What the reason makes of it."""
        if self.reason is None:
            return PASSED
        return UNKNOWN if self.reason == UNAVAILABLE else FAILED

    def as_dict(self) -> dict[str, str | None]:
        """The finding as the API shows it."""
        return {"check": self.check, "outcome": self.outcome, "reason": self.reason}


def examine(facts: Facts, owed: Obligation, filing: Filing, policy: Policy) -> list[Finding]:
    """Every check, in the order of CHECKS."""
    reasons = {
        "regime": None if owed.regime in (None, RegimeName.NINETY_DAYS) else "other-regime",
        "identity": _identity(facts),
        "passport": _passport(facts, filing.on),
        "entry": _entry(owed),
        "re-entry": _reentry(facts, owed, filing.on),
        "permission-to-stay": _permission(owed, filing.on),
        "window": _window(owed, filing.on),
        "first-report": None if facts.reports else "first-report",
        "new-passport": _new_passport(facts),
        "residence": None if policy.value("tm30.match_required") == "none" else _residence(facts.residences, filing),
        "office": _office(facts, filing),
        "duplicate": _duplicate(facts, owed, filing.on),
    }
    return [Finding(check, reasons[check]) for check in CHECKS]


def unavailable() -> list[Finding]:
    """The findings while the records cannot be read: nothing is known."""
    return [Finding(check, UNAVAILABLE) for check in CHECKS]


def to_keep(findings: Iterable[Finding]) -> dict[str, str | None]:
    """Findings as they are kept with a report: each check with its reason, or None where it passed."""
    return {finding.check: finding.reason for finding in findings}


def kept(checks: Mapping[str, str | None]) -> list[Finding]:
    """The findings that `to_keep` kept, in the order of CHECKS; a check that is no longer made comes last."""
    known = [check for check in CHECKS if check in checks]
    return [Finding(check, checks[check]) for check in (*known, *sorted(checks.keys() - set(CHECKS)))]


def holding(findings: Iterable[Finding], filing: Filing, facts: Facts | None, policy: Policy) -> list[str]:
    """The reasons, each once, for which an officer has to look; empty means accepted. No facts: records unavailable."""
    seen = facts is not None and seen_at_counter(filing, facts)
    held = [f.reason for f in findings if f.reason and _holds(f.reason, seen, policy)]
    return list(dict.fromkeys(held))


def seen_at_counter(filing: Filing, facts: Facts) -> bool:
    """Whether an officer saw the passport that the person holds now when the filing phone was activated.

    Where it was not recorded which passport that was, it was the present one if the person has no other.
    """
    if filing.assurance != Assurance.COUNTER:
        return False
    if filing.activated_passport_id is None:
        return len(facts.passports) == 1
    return filing.activated_passport_id == facts.passport.id


def _holds(reason: str, seen: bool, policy: Policy) -> bool:
    effect = policy.effects[reason]
    if reason in ("no-residence-record", "address-mismatch"):
        return bool(policy.value("tm30.match_required") == "hard")
    if reason == "reentry-after-last":
        return bool(policy.value("online.reset_on_reentry") == "yes")
    if effect.unless:
        allowed = policy.value(effect.unless)
        if allowed == "yes" or (allowed == "counter-activation" and seen):
            return False
    return effect.effect != "note"  # what refuses a filing holds one that was taken all the same


def _identity(facts: Facts) -> str | None:
    """Passports that replace one another belong to one person, who was born once; what one leaves open fits any."""
    several = len(facts.passports) > 1
    return "identity-mismatch" if several and disagree(p.birth_date for p in facts.passports) else None


def _passport(facts: Facts, today: date) -> str | None:
    passport = facts.passport
    return "passport-invalid" if passport.status != PassportStatus.VALID or passport.expires_on < today else None


def _entry(owed: Obligation) -> str | None:
    if owed.entered_on is None:
        return "entry-not-found"
    if owed.permitted_until is not None and owed.permitted_until < owed.entered_on:
        return "entry-mismatch"
    return None


def _reentry(facts: Facts, owed: Obligation, today: date) -> str | None:
    last = max((r.on for r in facts.reports if r.on <= today), default=None)
    if last is None or owed.entered_on is None:
        return None
    return "reentry-after-last" if owed.entered_on > last else None


def _permission(owed: Obligation, today: date) -> str | None:
    return "stay-expired" if owed.permitted_until is not None and owed.permitted_until < today else None


def _window(owed: Obligation, today: date) -> str | None:
    if owed.window is None:
        return None
    if today < owed.window.opens_on:
        return "too-early"
    return "too-late" if today > owed.window.online_closes_on else None


def _new_passport(facts: Facts) -> str | None:
    passport = facts.passport
    seen = any(report.passport_id == passport.id for report in facts.reports)
    return "new-passport" if passport.replaces_another and not seen else None


def _residence(residences: Iterable[Residence], filing: Filing) -> str | None:
    known = [r for r in residences if r.from_on <= filing.on and (r.until_on is None or filing.on <= r.until_on)]
    if not known:
        return "no-residence-record"
    return None if any(_same_place(r, filing) for r in known) else "address-mismatch"


def _same_place(residence: Residence, filing: Filing) -> bool:
    """The same subdistrict, and the house number somewhere in the host's address line."""
    number = filing.house_number.casefold().strip()
    words = residence.address.casefold().replace(",", " ").split()
    return residence.subdistrict_code == filing.subdistrict_code and (not number or number in words)


def _office(facts: Facts, filing: Filing) -> str | None:
    """The office that took the last report, when it is not the one of the address."""
    last = max(facts.reports, key=lambda r: r.on, default=None)
    return "wrong-office" if last is not None and last.office and last.office != filing.office else None


def _duplicate(facts: Facts, owed: Obligation, today: date) -> str | None:
    """An office already took a report in this very window, and its receipt did not move the due date on."""
    stay = stays.current(facts.movements, today)
    if stay is None or owed.window is None:
        return None
    taken = (r for r in facts.reports if not r.ours and max(owed.window.opens_on, stay.entered_on) <= r.on <= today)
    return (
        "duplicate" if any(r.next_due_on is not None and r.next_due_on <= owed.window.due_on for r in taken) else None
    )
