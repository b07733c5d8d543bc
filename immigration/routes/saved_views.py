"""Views of the queue that an officer keeps under a name."""

from typing import Any
from uuid import UUID

from foundation.db import ReadSession
from foundation.errors import NotFound
from foundation.http import Blueprint, allow, now, principal
from foundation.services import read_session, transaction
from immigration.models.queue import SavedView
from immigration.routes.queue import REVIEWING, queue_filter
from immigration.schemas.saved_views import (
    SavedViewIn,
    SavedViewOut,
    SavedViewsOut,
    kept_filter,
    saved_view_view,
    whole_filter,
)
from immigration.services import queue, saved_views

blueprint = Blueprint("saved_views", __name__, url_prefix="/api/v1/review/views", description=__doc__)


@blueprint.get("")
@allow(*REVIEWING)
@blueprint.etag
@blueprint.response(200, SavedViewsOut)
def list_views() -> dict[str, Any]:
    """My views by name, with how many reports each holds now."""
    with read_session() as session:
        views = saved_views.list_views(session, principal())
        return {"items": [_counted(session, view) for view in views], "next_cursor": None}


@blueprint.post("")
@allow(*REVIEWING)
@blueprint.arguments(SavedViewIn)
@blueprint.response(201, SavedViewOut)
def save(data: dict[str, Any]) -> dict[str, Any]:
    """Keep a filter of the queue under a name."""
    with transaction() as session:
        wanted = kept_filter(data["filter"])
        return _counted(session, saved_views.save(session, data["name"], wanted, officer=principal(), now=now()))


@blueprint.put("/<uuid:view_id>")
@allow(*REVIEWING)
@blueprint.arguments(SavedViewIn)
@blueprint.response(200, SavedViewOut)
def change(data: dict[str, Any], view_id: UUID) -> dict[str, Any]:
    """Give a view of mine another name or another filter."""
    with transaction() as session:
        wanted = kept_filter(data["filter"])
        view = saved_views.change(session, view_id, data["name"], wanted, officer=principal(), now=now())
        return _counted(session, view)


@blueprint.delete("/<uuid:view_id>")
@allow(*REVIEWING)
@blueprint.response(204)
def remove(view_id: UUID) -> None:
    """Remove a view of mine."""
    with transaction() as session:
        saved_views.remove(session, view_id, officer=principal())


def _counted(session: ReadSession, view: SavedView) -> dict[str, Any]:
    """A view with its count; none where the officer left the office that it names."""
    wanted = queue_filter(whole_filter(view.wanted))
    try:
        return saved_view_view(view, queue.count(session, wanted, officer=principal(), now=now()))
    except NotFound:
        return saved_view_view(view, None)
