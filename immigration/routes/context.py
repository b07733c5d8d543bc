"""What routes and commands need from the application."""

from typing import Protocol, cast

from foundation.services import services
from immigration.registries.identity_provider import IdentityProvider
from immigration.services.ended import EndedSessions
from immigration.services.judging import FilingContext
from immigration.services.law_entries import RegisteredEntries


class _WithFiling(Protocol):
    """The services of an application that takes reports."""

    filing: FilingContext


class _WithEnded(Protocol):
    """The services of an application that knows which sign-ins ended."""

    ended: EndedSessions


class _WithRegistered(Protocol):
    """The services of an application that knows what is registered beside the law files."""

    registered: RegisteredEntries


class _WithProvider(Protocol):
    """The services of an application that may have an identity provider."""

    provider: IdentityProvider | None


def identity_provider() -> IdentityProvider | None:
    """The identity provider that officers may sign in with, of the application that answers the present request."""
    return cast("_WithProvider", services()).provider


def ended_sessions() -> EndedSessions:
    """The sign-ins that ended, as the application that answers the present request knows them."""
    return cast("_WithEnded", services()).ended


def registered_entries() -> RegisteredEntries:
    """What is registered beside the law files, as the application that answers the present request knows it."""
    return cast("_WithRegistered", services()).registered


def filing_context() -> FilingContext:
    """Records, law and signer of the application that answers the present request."""
    return cast("_WithFiling", services()).filing
