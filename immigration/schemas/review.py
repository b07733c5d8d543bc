"""What officers see and send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from foundation.events import EventRecord
from foundation.fields import MISSING, Instant
from foundation.words import sentence
from immigration.models.people import Passport
from immigration.models.reports import Decision, Receipt, Report
from immigration.registries import addresses
from immigration.registries.records import Case
from immigration.rules.codes import (
    ActingObstacle,
    Assurance,
    Channel,
    Direction,
    Outcome,
    PassportStatus,
    PermissionKind,
)
from immigration.rules.facts import Facts
from immigration.rules.findings import Finding, kept
from immigration.rules.policies import Policy
from immigration.rules.reports import OUTCOMES, DecisionRequest
from immigration.schemas.common import REASON, STATE, AtOffice, CheckOut, SuggestionOut, line, lines, reasons, statement
from immigration.schemas.histories import Around, AroundPerson, RelatedReportOut
from immigration.schemas.reports import ReceiptRef, ReportOut, report_view
from immigration.schemas.stay import StayOut
from immigration.services.judging import suggestion
from immigration.services.look_ups import LookUp
from immigration.services.review import REOPENED

EFFECTS = ("review", "refuse", "note")
"""What a finding may do, weightiest first: of a stored report, what holds it up."""


class PassportOut(Schema):
    """A passport on record."""

    document_number = fields.String(required=True)
    issuing_state = fields.String(required=True)
    nationality = fields.String(required=True)
    surname = fields.String(required=True)
    given_names = fields.String(required=True)
    birth_date = fields.String(
        attribute="born",
        required=True,
        metadata={"example": "1968-05-00", "description": "00 where the passport leaves month or day open"},
    )
    sex = fields.String(required=True)
    expires_on = fields.Date(required=True)
    status = fields.String(required=True, validate=validate.OneOf(tuple(PassportStatus)))


class MovementOut(Schema):
    """An arrival or a departure on record."""

    movement_id = fields.String(required=True, attribute="id")
    direction = fields.String(required=True, validate=validate.OneOf(tuple(Direction)))
    occurred_on = fields.Date(required=True, attribute="on")
    visa_class = fields.String(required=True, allow_none=True)
    permitted_until = fields.Date(required=True, allow_none=True)


class PermissionOut(Schema):
    """An extension of stay or a change of visa on record."""

    permission_id = fields.String(required=True, attribute="id")
    kind = fields.String(required=True, validate=validate.OneOf(tuple(PermissionKind)))
    granted_on = fields.Date(required=True, attribute="on")
    permitted_until = fields.Date(required=True)
    visa_class = fields.String(required=True, allow_none=True)


class ReportOnRecordOut(Schema):
    """A report that counts: taken at an office, or accepted here."""

    number = fields.String(required=True)
    filed_on = fields.Date(required=True, attribute="on")
    channel = fields.String(required=True, validate=validate.OneOf(tuple(Channel)))
    office = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True)


class ResidenceOut(Schema):
    """A residence that a host notified (TM.30)."""

    subdistrict_code = fields.String(required=True)
    address = fields.String(required=True)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True, allow_none=True)


class RecordsOut(Schema):
    """The records a report is judged by, each kind oldest first; empty while they cannot be read."""

    passports = fields.List(fields.Nested(PassportOut), required=True)
    movements = fields.List(fields.Nested(MovementOut), required=True)
    permissions = fields.List(fields.Nested(PermissionOut), required=True)
    reports = fields.List(fields.Nested(ReportOnRecordOut), required=True)
    residences = fields.List(fields.Nested(ResidenceOut), required=True)
    available = fields.Boolean(required=True)


class EventOut(Schema):
    """Something that happened."""

    at = Instant(required=True)
    kind = fields.String(required=True)
    actor = fields.String(required=True)
    data = fields.Dict(required=True)


class DecisionOut(Schema):
    """A decision."""

    outcome = fields.String(required=True, validate=validate.OneOf((*OUTCOMES, REOPENED)))
    reasons = reasons()
    note = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True)
    overridden = fields.Boolean(required=True)
    policy_version = fields.String(required=True)
    decided_by = fields.String(required=True)
    decided_at = Instant(required=True)


class FindingOut(CheckOut):
    """A check that did not pass: what it does, and on which rule and source that stands."""

    effect = fields.String(required=True, validate=validate.OneOf(EFFECTS))
    rule = fields.String(required=True, allow_none=True, metadata={"description": "the switch that may let it pass"})
    value = fields.Raw(required=True, allow_none=True, metadata={"description": "how that switch is set"})
    grade = fields.String(required=True)
    source = fields.String(required=True)


class ObstacleOut(Schema):
    """Why the officer cannot decide the report at present."""

    code = fields.String(required=True, validate=validate.OneOf(tuple(ActingObstacle)))
    text = fields.String(required=True, metadata={"description": "a sentence, by Accept-Language"})


class ReviewOut(AtOffice, AroundPerson):
    """A report beside the records it was checked against, and its history."""

    report = fields.Nested(ReportOut, required=True)
    resident_id = fields.String(required=True)
    assurance = fields.String(required=True, validate=validate.OneOf(tuple(Assurance)))
    records = fields.Nested(RecordsOut, required=True)
    stay = fields.Nested(StayOut, required=True, allow_none=True)
    differences = fields.List(fields.Nested(CheckOut), required=True)
    findings = fields.List(
        fields.Nested(FindingOut), required=True, metadata={"description": "the differences, weightiest first"}
    )
    related = fields.List(
        fields.Nested(RelatedReportOut), required=True, metadata={"description": "other reports of the person"}
    )
    decisions = fields.List(fields.Nested(DecisionOut), required=True)
    history = fields.List(fields.Nested(EventOut), required=True)
    obstacles = fields.List(fields.Nested(ObstacleOut), required=True)
    language = fields.String(required=True, metadata={"description": "in which the person reads messages"})
    answer_by = fields.Date(required=True)
    places = fields.List(
        fields.Nested(SuggestionOut), required=True, metadata={"description": "every subdistrict that is named"}
    )


NONE = "none"


class NextDueOn(fields.String):
    """A date, or the word for no date."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return NONE if text == NONE else fields.Date().deserialize(text)


class DecisionIn(Schema):
    """A decision about a report under review."""

    outcome = fields.String(required=True, validate=validate.OneOf(OUTCOMES))
    reasons = fields.List(fields.String(validate=REASON), load_default=list, validate=validate.Length(max=20))
    note = lines(2000)
    next_due_on = NextDueOn(
        load_default=None,
        allow_none=True,
        metadata={
            "description": 'a date, or "none" of an unclear regime, where one of the two has to be stated',
        },
    )

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> DecisionRequest:
        """As the service takes it."""
        none_due = data["next_due_on"] == NONE
        stated = {"next_due_on": None if none_due else data["next_due_on"], "none_due": none_due}
        return DecisionRequest(**data | stated | {"outcome": Outcome(data["outcome"])})


class TransferIn(Schema):
    """The office that a report is given to, and why, for the officers there."""

    office = line(10, required=True, shortest=1)
    note = statement(200, required=True, shortest=3)


class PassportIn(Schema):
    """The passport that an officer names."""

    document_number = line(20, required=True, shortest=1)
    issuing_state = line(3, required=True, shortest=1)


class SearchIn(PassportIn):
    """Whom an officer looks for, and why."""

    purpose = statement(200, required=True, shortest=3)
    reason = statement(200, about="why beyond the officer's offices; without a stated case another person approves it")
    stated_case = line(40, about="number of a report or receipt of the person")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> LookUp:
        """As the service takes it."""
        return LookUp(**data)

    @validates_schema
    def check_reason(self, data: dict[str, Any], **_: Any) -> None:
        """A stated case comes with the reason to look beyond one's offices."""
        if data.get("stated_case") and not data.get("reason"):
            raise ValidationError({"reason": [MISSING]})


class LinkIn(PassportIn):
    """Another passport of a resident, and why it is theirs."""

    reason = statement(200, required=True, shortest=3)


class UnlinkIn(Schema):
    """Why a link is taken back."""

    reason = statement(200)


class LinkOut(Schema):
    """A link between two passports that an officer made."""

    id = fields.UUID(required=True)
    reason = fields.String(required=True)
    made_by = fields.String(required=True)
    made_at = Instant(required=True)


class ResidentReport(Schema):
    """A report of a resident, in a line."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=STATE)
    filed_at = Instant(required=True)
    due_on = fields.Date(required=True, allow_none=True)
    reasons = reasons()
    receipt = fields.Nested(ReceiptRef, required=True, allow_none=True)


class ResidentOut(StayOut, AroundPerson):
    """A resident as an officer finds them."""

    resident_id = fields.String(required=True)
    passports = fields.List(fields.Nested(PassportOut), required=True)
    links = fields.List(fields.Nested(LinkOut), required=True)
    reports = fields.List(fields.Nested(ResidentReport), required=True)
    records = fields.Nested(RecordsOut, required=True)


def records_view(case: Case, passports: list[Passport]) -> dict[str, Any]:
    """The records of a person as RecordsOut shows them."""
    facts = case.facts or Facts()
    return {
        "available": case.facts is not None,
        "passports": passports,
        "movements": sorted(facts.movements, key=lambda movement: movement.on),
        "permissions": sorted(facts.permissions, key=lambda permission: permission.on),
        "reports": sorted(facts.reports, key=lambda report: report.on),
        "residences": sorted(facts.residences, key=lambda residence: residence.from_on),
    }


@dataclass(frozen=True, kw_only=True)
class Opened:
    """All that an officer sees of a report that was opened."""

    report: Report
    receipt: Receipt | None
    case: Case
    passports: list[Passport]
    stay: dict[str, Any]
    related: Sequence[Report]
    around: Around
    decisions: list[Decision]
    history: list[EventRecord]
    obstacles: list[ActingObstacle]
    reads: str
    answer_by: date
    office_days: int
    policy: Policy


def review_view(opened: Opened, language: str) -> dict[str, Any]:
    """A report beside its records as ReviewOut shows it; differences are the checks that did not pass."""
    report = opened.report
    return opened.around.as_dict() | {
        "report": report_view(report, opened.receipt),
        "resident_id": str(report.person_id),
        "assurance": report.assurance,
        "records": records_view(opened.case, opened.passports),
        "stay": opened.stay,
        "differences": [finding for finding in kept(report.checks) if finding.reason],
        "findings": _findings(report, opened.policy),
        "related": opened.related,
        "decisions": opened.decisions,
        "history": opened.history,
        "obstacles": [{"code": each, "text": sentence(language, "obstacles", each)} for each in opened.obstacles],
        "language": opened.reads,
        "answer_by": opened.answer_by,
        "at_office_since": report.at_office_since,
        "office_days": opened.office_days,
        "places": _places(report, opened.case),
    }


def _findings(report: Report, policy: Policy) -> list[dict[str, Any]]:
    """The checks that did not pass, those that hold the report up first."""
    found = [_finding(finding, finding.reason, policy) for finding in kept(report.checks) if finding.reason]
    return sorted(found, key=lambda finding: EFFECTS.index(finding["effect"]))


def _finding(finding: Finding, reason: str, policy: Policy) -> dict[str, Any]:
    effect = policy.effects[reason]
    rule = policy.rules.get(effect.unless or "")
    return finding.as_dict() | {
        "effect": effect.effect,
        "rule": rule and rule.key,
        "value": rule and rule.value,
        "grade": rule.grade if rule else effect.grade,
        "source": rule.source if rule else effect.source,
    }


def _places(report: Report, case: Case) -> list[dict[str, Any]]:
    """The subdistricts of a report and of the residences on record, each once; one that is in no list is left out."""
    residences = case.facts.residences if case.facts else ()
    codes = dict.fromkeys([report.subdistrict_code, *(residence.subdistrict_code for residence in residences)])
    return [suggestion(place) for place in map(addresses.lookup, codes) if place]
