"""What residents are told about the data that are kept of them."""

from typing import Any

from marshmallow import Schema, fields

from foundation.fields import Instant
from immigration.registries.processing import kept_for
from immigration.services.erasing import Erasure


class ExportOut(Schema):
    """All that is kept of a resident: by table, rows with the columns that say something about them.

    The data dictionary (docs/data-dictionary.md) says what each column means.
    """

    resident_id = fields.UUID(required=True)
    exported_at = Instant(required=True)
    tables = fields.Dict(keys=fields.String(), values=fields.List(fields.Dict()), required=True)


class KeptOut(Schema):
    """Rows of one table that stay after an erasure."""

    table = fields.String(required=True, metadata={"description": "as the data dictionary names it"})
    rows = fields.Integer(required=True)
    until = fields.String(required=True, metadata={"description": "how long, by Accept-Language: en or th"})
    purpose = fields.String(required=True, metadata={"description": "what for, by Accept-Language: en or th"})
    why = fields.String(required=True, metadata={"description": "why it stays, by Accept-Language: en or th"})
    source = fields.String(
        required=True, metadata={"description": "the law that says so, by Accept-Language: en or th"}
    )


class ErasureOut(Schema):
    """What an erasure removed, and what stays."""

    erased_at = Instant(required=True)
    removed = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "contact, devices, notification_preferences, passkeys, sign-ins"},
    )
    kept = fields.List(fields.Nested(KeptOut), required=True)


def erasure_view(erasure: Erasure, language: str) -> dict[str, Any]:
    """An erasure as ErasureOut shows it."""
    kept = [
        {
            "table": each.table,
            "rows": each.rows,
            "until": kept_for(each.until, language),
            "purpose": each.purpose.title(language),
            "why": each.purpose.why(language),
            "source": each.purpose.source(language),
        }
        for each in erasure.kept
    ]
    return {"erased_at": erasure.erased_at, "removed": erasure.removed, "kept": kept}
