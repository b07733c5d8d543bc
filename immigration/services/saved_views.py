"""Views of the queue that officers keep under a name, each with a count that ends where it costs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from foundation.clock import bangkok_date
from foundation.db import ReadSession, Session
from foundation.errors import Conflict, NotFound
from foundation.identity import Principal
from immigration.models.access import Officer
from immigration.models.queue import SavedView
from immigration.registries.fairness import terms


class ViewNameTaken(Conflict):
    """You have a saved view of this name already."""

    code = "view-name-taken"


class TooManyViews(Conflict):
    """You have as many saved views as can be kept. Remove one first."""

    code = "too-many-views"


def list_views(session: ReadSession, officer: Principal) -> Sequence[SavedView]:
    """The views of an officer, by name."""
    own = select(SavedView).where(SavedView.officer_id == officer.id)
    return session.scalars(own.order_by(func.lower(SavedView.name), SavedView.id)).all()


def save(session: Session, name: str, wanted: Mapping[str, Any], *, officer: Principal, now: datetime) -> SavedView:
    """Keep a filter under a name; the same again is the same view. Raises ViewNameTaken, TooManyViews.

    The account is locked, so that of two requests at once the second finds what the first saved.
    """
    session.execute(select(Officer.id).where(Officer.id == officer.id).with_for_update())
    views = list_views(session, officer)
    if same := _named(views, name):
        if (same.name, same.wanted) == (name, dict(wanted)):
            return same
        raise ViewNameTaken()
    most = terms(bangkok_date(now)).saved_views
    if len(views) >= most:
        raise TooManyViews(f"there are {most}", most=most)
    view = SavedView(officer_id=officer.id, name=name, wanted=dict(wanted), saved_at=now)
    session.add(view)
    session.flush()
    return view


def change(
    session: Session, reference: UUID, name: str, wanted: Mapping[str, Any], *, officer: Principal, now: datetime
) -> SavedView:
    """Give a view another name or another filter. Raises NotFound for another officer's, ViewNameTaken."""
    session.execute(select(Officer.id).where(Officer.id == officer.id).with_for_update())
    view = _get(session, reference, officer)
    if any(each.id != view.id and each is _named([each], name) for each in list_views(session, officer)):
        raise ViewNameTaken()
    view.name, view.wanted, view.saved_at = name, dict(wanted), now
    return view


def remove(session: Session, reference: UUID, *, officer: Principal) -> None:
    """Remove a view. Raises NotFound for another officer's, and for one that is gone."""
    session.delete(_get(session, reference, officer))


def _named(views: Sequence[SavedView], name: str) -> SavedView | None:
    return next((view for view in views if view.name.lower() == name.lower()), None)


def _get(session: Session, reference: UUID, officer: Principal) -> SavedView:
    view = session.scalars(select(SavedView).where(SavedView.reference == reference)).one_or_none()
    if view is None or view.officer_id != officer.id:
        raise NotFound()
    return view
