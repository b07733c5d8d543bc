"""What routes and commands need from the application, and the page of a list."""

from typing import Any, Protocol, cast

from foundation.services import services
from immigration.services.judging import FilingContext


class _WithFiling(Protocol):
    """The services of an application that takes reports."""

    filing: FilingContext


def filing_context() -> FilingContext:
    """Records, law and signer of the application that answers the present request."""
    return cast("_WithFiling", services()).filing


def page(items: list[Any], ids: list[int], limit: int) -> dict[str, Any]:
    """A list as the API shows it; `ids` are the row ids that cursors are made of."""
    return {"items": items, "next_cursor": str(ids[-1]) if len(ids) == limit else None}
