"""Conflicts of interest as officers see and send them."""

from marshmallow import Schema, fields

from foundation.fields import Instant
from immigration.schemas.common import line, statement


class ConflictIn(Schema):
    """Why an officer has nothing to do with a person; without a name, the officer who says so."""

    officer = line(64, about="name of a colleague; empty: myself")
    reason = statement(200, required=True, shortest=3)


class ConflictEndIn(Schema):
    """Why a conflict is ended."""

    reason = statement(200, required=True, shortest=3)


class ConflictOut(Schema):
    """An officer who has nothing to do with a person."""

    id = fields.UUID(required=True, attribute="reference")
    officer = fields.String(required=True)
    resident_id = fields.UUID(required=True, attribute="person_id")
    reason = fields.String(required=True)
    made_by = fields.String(required=True, attribute="made_as")
    made_at = Instant(required=True)


class ConflictsOut(Schema):
    """A page of what stands, newest first."""

    items = fields.List(fields.Nested(ConflictOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)
