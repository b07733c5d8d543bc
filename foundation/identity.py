"""Who is asking: a principal with a role, found from the request's bearer token as the application factory says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause

from foundation.db import ReadSession


class Role(StrEnum):
    """The roles a route can be opened to."""

    ANYONE = "anyone"
    RESIDENT = "resident"
    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


STAFF = frozenset({Role.OFFICER, Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Principal:
    """Who is asking.

    A resident's are `assurance` (how the sign-in was activated), `passport_id` (with which passport, where known) and
    `family` (the sign-in); `offices` are an officer's, those that the account acts for.
    """

    role: Role
    id: UUID
    name: str = ""
    assurance: str = ""
    passport_id: int | None = None
    family: UUID | None = None
    offices: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """Who this is in the events table."""
        return f"{self.role}:{self.name or self.id}"


BasisOf = Callable[[ReadSession, UUID], str | None]
"""From a person's id to the basis of the due date that they owe a report for; None where they owe none."""

PersonOf = Callable[[ReadSession, UUID], UUID]
"""From the id of a resident's principal to the person whom messages and devices belong to at present."""

IsOfOffices = Callable[[ColumnElement[UUID], Principal, date], ColumnElement[bool] | TextClause]
"""From a column of people, an officer and a day to the condition that a person has to do with the officer's offices."""


class CheckNotHeld(Protocol):
    """Raises where the sign-in of a resident still waits after a recovery by mail."""

    def __call__(self, session: ReadSession, resident: Principal, *, now: datetime) -> None: ...


Authenticate = Callable[[str], Principal]
"""From a bearer token to a principal; raises Unauthenticated."""
