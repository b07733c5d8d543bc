"""What routes reach for: the desk that the front door set up, and the page after this one."""

from typing import Any

from flask import current_app

from immigration.services.judging import Desk


def desk() -> Desk:
    """Records, law and signer of the application at work."""
    found: Desk = current_app.extensions["desk"]
    return found


def page(items: list[Any], ids: list[int], limit: int) -> dict[str, Any]:
    """A list as the API shows it; `ids` are the row ids that cursors are made of."""
    return {"items": items, "next_cursor": str(ids[-1]) if len(ids) == limit else None}
