"""The calendar feed as JSON."""

from marshmallow import Schema, fields


class CalendarOut(Schema):
    """Whether there is a private calendar feed."""

    given = fields.Boolean(required=True)


class CalendarAddressOut(Schema):
    """The address of the feed. It is shown once: who has it sees the dates."""

    address = fields.String(required=True, metadata={"description": "to subscribe to in any calendar program"})
