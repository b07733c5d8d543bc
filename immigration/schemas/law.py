"""The law as it stands, what is registered beside the files, and the policies that were in force."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from foundation.fields import Instant, Pattern
from immigration.rules.law_entries import GRADES, Entry, EntryKind, EntryState
from immigration.rules.reports import OUTCOMES
from immigration.schemas.common import PageArgs, statement
from immigration.services.law_entries import Registered
from immigration.services.law_versions import MOST

VERSION = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9a-f]{10}$"


class VersionArgs(Schema):
    """Which policy; the present one where none is named."""

    version = fields.String(load_default=None, validate=Pattern(VERSION))


class LawOut(Schema):
    """A policy: by section what it says under each key, with grade and source."""

    version = fields.String(required=True)
    holidays_confirmed_until = fields.Date(required=True)
    contents = fields.Dict(
        required=True,
        metadata={"description": "rules, windows, regimes, findings, waivers, closing-days, spellings"},
    )


class VersionOut(Schema):
    """A policy that was in force; `in_force_at` is null until a worker noted it."""

    version = fields.String(required=True)
    in_force_at = Instant(required=True, allow_none=True)
    decisions = fields.Integer(required=True, metadata={"description": f"counted up to {MOST}; one more means more"})
    present = fields.Boolean(required=True)


class VersionsOut(Schema):
    """The policies that were in force, the present one first."""

    items = fields.List(fields.Nested(VersionOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class ComparisonArgs(Schema):
    """Two policies."""

    first = fields.String(required=True, validate=Pattern(VERSION))
    second = fields.String(required=True, validate=Pattern(VERSION))


class DifferenceOut(Schema):
    """What two policies say differently; null where one of them says nothing."""

    section = fields.String(required=True)
    key = fields.String(required=True)
    first = fields.Raw(required=True, allow_none=True)
    second = fields.Raw(required=True, allow_none=True)


class ComparisonOut(Schema):
    """All that two policies say differently."""

    items = fields.List(fields.Nested(DifferenceOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class DecisionsArgs(PageArgs):
    """The decisions of which policy."""

    version = fields.String(required=True, validate=Pattern(VERSION))


class DecidedOut(Schema):
    """A decision that a policy made, by the number of its report."""

    report = fields.String(required=True)
    office = fields.String(required=True)
    outcome = fields.String(required=True, validate=validate.OneOf((*OUTCOMES, "reopened")))
    decided_by = fields.String(required=True)
    decided_at = Instant(required=True)


class DecidedListOut(Schema):
    """A page of decisions, the latest first."""

    items = fields.List(fields.Nested(DecidedOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


class EntryIn(Schema):
    """A closing day, an outage or a waiver; days are civil dates in Bangkok, both inclusive."""

    kind = fields.String(required=True, validate=validate.OneOf(tuple(EntryKind)))
    name = statement(120, required=True, shortest=3)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    provinces = fields.List(
        fields.String(validate=Pattern(r"^[0-9]{2}$")),
        load_default=list,
        validate=validate.Length(max=77),
        metadata={"description": "TIS 1099 codes, of a closing day; none: the whole country"},
    )
    source = statement(400, required=True, shortest=10)
    grade = fields.String(required=True, validate=validate.OneOf(GRADES))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Entry:
        """As the rules take it."""
        provinces = tuple(sorted(set(data["provinces"])))
        first, last = data["first_on"], data["last_on"]
        return Entry(EntryKind(data["kind"]), data["name"], first, last, data["source"], data["grade"], provinces)


class EndingIn(Schema):
    """The last day that counts; null takes back an entry that has not begun."""

    last_on = fields.Date(required=True, allow_none=True)
    reason = statement(400, required=True, shortest=3)


class EntryOut(Schema):
    """What is registered; `last_on` is the day on which it ends, `registered_until` the one it was registered with."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(tuple(EntryKind)))
    name = fields.String(required=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True)
    registered_until = fields.Date(required=True)
    provinces = fields.List(fields.String(), required=True)
    source = fields.String(required=True)
    grade = fields.String(required=True, validate=validate.OneOf(GRADES))
    state = fields.String(required=True, validate=validate.OneOf(tuple(EntryState)))
    registered_at = Instant(required=True)
    registered_by = fields.String(required=True)
    approved_by = fields.String(required=True)
    ended_at = Instant(required=True, allow_none=True)
    ended_by = fields.String(required=True, allow_none=True)
    end_approved_by = fields.String(required=True, allow_none=True)
    end_reason = fields.String(required=True, allow_none=True)


class EntriesOut(Schema):
    """All that was ever registered, the latest first."""

    items = fields.List(fields.Nested(EntryOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def entry_view(registered: Registered, today: Any) -> dict[str, Any]:
    """An entry as EntryOut shows it."""
    row, entry, ending = registered.row, registered.entry, registered.ending
    return {
        "id": row.reference,
        "kind": entry.kind,
        "name": entry.name,
        "first_on": entry.first,
        "last_on": entry.last,
        "registered_until": row.last_on,
        "provinces": entry.provinces,
        "source": entry.source,
        "grade": entry.grade,
        "state": entry.state(today),
        "registered_at": row.registered_at,
        "registered_by": row.registered_as,
        "approved_by": row.approved_as,
        "ended_at": ending.ended_at if ending else None,
        "ended_by": ending.ended_as if ending else None,
        "end_approved_by": ending.approved_as if ending else None,
        "end_reason": ending.reason if ending else None,
    }
