"""What routes and commands need from the application."""

from typing import Protocol, cast

from foundation.services import services
from immigration.services.judging import FilingContext


class _WithFiling(Protocol):
    """The services of an application that takes reports."""

    filing: FilingContext


def filing_context() -> FilingContext:
    """Records, law and signer of the application that answers the present request."""
    return cast("_WithFiling", services()).filing
