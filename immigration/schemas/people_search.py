"""People by name or receipt, as officers ask for and see them."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from immigration.rules import numbers
from immigration.rules.birth_dates import BirthDate
from immigration.rules.nationalities import canonical
from immigration.schemas.common import line, statement
from immigration.services.name_search import Found, NameSearch
from immigration.services.receipt_search import ReceiptSearch


class NameSearchIn(Schema):
    """A name as it sounds or is written, and why the officer looks."""

    name = line(100, required=True, shortest=2)
    purpose = statement(200, required=True, shortest=3)
    nationality = line(3, about="ICAO 9303 code; only people of it")
    born_in = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1900, 2100))

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NameSearch:
        """As the service takes it."""
        nationality = canonical(data.pop("nationality"))
        return NameSearch(nationality=nationality, **data)


class PersonMatch(Schema):
    """A person whose name is like the one that was sought; opening them is a look-up of its own."""

    resident_id = fields.UUID(required=True)
    surname = fields.String(required=True)
    given_names = fields.String(required=True)
    nationality = fields.String(required=True)
    birth_date = fields.String(required=True, metadata={"example": "1968-05-00"})
    document_number = fields.String(required=True, metadata={"description": "but for the last characters hidden"})


class PersonMatches(Schema):
    """The most similar names first; `more` says that others fit too.

    `cut` says that not all who share the name were compared with the officer's offices: there are too many.
    """

    items = fields.List(fields.Nested(PersonMatch), required=True)
    more = fields.Boolean(required=True)
    cut = fields.Boolean(required=True)


class ReceiptSearchIn(Schema):
    """The number of a receipt or report, or the text of a QR code, and why the officer looks."""

    receipt = line(4000, required=True, shortest=1)
    purpose = statement(200, required=True, shortest=3)
    reason = statement(200, about="why beyond the officer's offices")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ReceiptSearch:
        """As the service takes it."""
        return ReceiptSearch(**data)


class PurposeIn(Schema):
    """Why an officer opens a person."""

    purpose = statement(200, required=True, shortest=3)


def matches_view(found: Found) -> dict[str, Any]:
    """People as PersonMatches shows them."""
    items = [
        {
            "resident_id": row.person_id,
            "surname": row.surname,
            "given_names": row.given_names,
            "nationality": row.nationality,
            "birth_date": BirthDate.stored(row.birth_date, row.birth_date_known),
            "document_number": numbers.masked(row.document_number),
        }
        for row in found.people
    ]
    return {"items": items, "more": found.more, "cut": found.cut}
