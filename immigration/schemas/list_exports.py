"""Which list is exported, by what it is filtered, and why."""

from enum import StrEnum

from marshmallow import Schema, fields, validate

from immigration.schemas.common import statement


class ExportedList(StrEnum):
    """A list of the console that can be had as a file."""

    QUEUE = "queue"
    CASES = "cases"
    ADDRESSES = "addresses"
    APPROVALS = "approvals"
    AUDIT = "audit"


class ListExportIn(Schema):
    """A list with its filter, as the query of that list, and why it is exported."""

    list = fields.String(required=True, validate=validate.OneOf(tuple(ExportedList)))
    filter = fields.Dict(keys=fields.String(), load_default=dict, metadata={"description": "as the query of the list"})
    purpose = statement(200, required=True, shortest=3)
