"""A report at a counter, as an officer records it."""

from marshmallow import Schema, fields, validate

from foundation.fields import Pattern
from immigration.schemas.common import plain_text


class CounterReportIn(Schema):
    """The number of the paper receipt, and whose counter it is: by default the only office of the officer."""

    receipt_number = fields.String(required=True, validate=Pattern(r"^[0-9A-Za-z][0-9A-Za-z./-]{0,39}$"))
    office = fields.String(load_default=None, allow_none=True, validate=[plain_text, validate.Length(max=20)])


class CounterReportOut(Schema):
    """The report as it is on record, with the date for the receipt; null where the regime is unclear."""

    receipt_number = fields.String(required=True)
    filed_on = fields.Date(required=True)
    office = fields.String(required=True)
    next_due_on = fields.Date(required=True, allow_none=True)
