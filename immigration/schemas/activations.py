"""What is sent to activate a phone, and to ask for a code."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from foundation.fields import MISSING, FieldFault, Pattern, Sentence

DETAILS = ("document_number", "issuing_state", "birth_date")
_NUMBER = Sentence("A passport number has letters and digits only. Copy it as it stands in the passport.")
_STATE = Sentence("A code of up to three letters is expected here, as in the passport: FRA, D, GBR.")
_BIRTH_DATE = Sentence("A date as YYYY-MM-DD is expected, with 00 for a month or a day that the passport leaves open.")
_NOT_BESIDE_MRZ = Sentence(
    "Give this or the two lines at the bottom of the passport's photo page, not both.", FieldFault.UNKNOWN
)


def document_number(**options: Any) -> fields.String:
    """A passport's number as people type it: letters, digits, spaces and hyphens."""
    pattern = Pattern(r"^(?=.*[A-Za-z0-9])[A-Za-z0-9 <-]{1,32}$", error=_NUMBER)
    return fields.String(validate=pattern, metadata={"example": "EX1000001"}, **options)


def issuing_state(**options: Any) -> fields.String:
    """The code of a state as in the passport: D and DEU are the same."""
    pattern = Pattern(r"^[A-Za-z]{1,3}<{0,2}$", error=_STATE)
    return fields.String(validate=pattern, metadata={"example": "FRA"}, **options)


def birth_date(**options: Any) -> fields.String:
    """A birth date as the passport has it: a month or a day that it leaves open is 00, or left away."""
    pattern = Pattern(
        r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$",
        error=_BIRTH_DATE,
    )
    return fields.String(validate=pattern, metadata={"example": "1968-05-00"}, **options)


class ActivationRequestIn(Schema):
    """Who wants a code."""

    document_number = document_number(required=True)
    issuing_state = issuing_state(required=True)
    birth_date = birth_date(required=True)


class ActivationRequestOut(Schema):
    """That the request is noted; always the same."""

    status = fields.Constant("requested", dump_only=True)


class ActivationIn(Schema):
    """A code, and whose it is: the three details, or the machine readable zone in their place."""

    document_number = document_number()
    issuing_state = issuing_state()
    birth_date = birth_date()
    mrz = fields.String(validate=validate.Length(min=1, max=200), metadata={"description": "lines of the zone"})
    activation_code = fields.String(
        required=True, validate=validate.Length(min=1, max=64), metadata={"example": "4XQ27-K3M9P"}
    )

    @validates_schema
    def check_who(self, data: dict[str, Any], **_: Any) -> None:
        """Either way of saying who, not both, not neither."""
        if "mrz" not in data:
            if missing := [name for name in DETAILS if name not in data]:
                raise ValidationError({name: [MISSING] for name in missing})
        elif given := [name for name in DETAILS if name in data]:
            raise ValidationError({name: [_NOT_BESIDE_MRZ] for name in given})


class IssuedCodeOut(Schema):
    """A code to hand over; it is shown this once."""

    activation_code = fields.String(required=True)
    expires_at = fields.AwareDateTime(format="iso", required=True)
