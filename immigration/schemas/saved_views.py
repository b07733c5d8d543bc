"""Views of the queue that an officer keeps."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from immigration.models.queue import SavedView
from immigration.schemas.common import at_office_days, statement
from immigration.schemas.queue import OLDEST, QueueFilterArgs
from immigration.services.queue import MOST_COUNTED

LONGEST_NAME = 60


class QueueFilterIn(QueueFilterArgs):
    """The filter of the queue in a body, where a number is a number and true is true."""

    contradicted = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    mine = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    waiting_days = fields.Integer(strict=True, load_default=0, validate=validate.Range(0, OLDEST))
    at_office_days = at_office_days(strict=True)


class SavedViewIn(Schema):
    """A filter, as in the query of the queue, and what it is called."""

    name = statement(LONGEST_NAME, required=True, shortest=1)
    filter = fields.Nested(QueueFilterIn, required=True)


class SavedViewOut(Schema):
    """A view; `count` ends at one more than `most`, and is null where the officer left the office that it names."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    filter = fields.Nested(QueueFilterArgs, required=True)
    count = fields.Integer(required=True, allow_none=True)
    most = fields.Constant(MOST_COUNTED, metadata={"type": "integer"}, required=True)


class SavedViewsOut(Schema):
    """The views of an officer, by name; there are few, so that they come at once."""

    items = fields.List(fields.Nested(SavedViewOut), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def kept_filter(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of a filter is kept: what filters something."""
    defaults = QueueFilterArgs().load({})
    return {name: value for name, value in given.items() if value != defaults[name]}


def whole_filter(kept: Mapping[str, Any]) -> dict[str, Any]:
    """A kept filter with all its parts; what is no part of it any more is left out."""
    defaults: dict[str, Any] = QueueFilterArgs().load({})
    return defaults | {name: value for name, value in kept.items() if name in defaults}


def saved_view_view(view: SavedView, count: int | None) -> dict[str, Any]:
    """A view as SavedViewOut shows it."""
    return {"id": view.reference, "name": view.name, "filter": whole_filter(view.wanted), "count": count}
