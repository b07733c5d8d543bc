"""Which sign-ins ended, and which signing keys were given up, as every process knows it within a second.

An access token is judged without the database. What ended lately is read once a second at most, in one go, so a sign-in
that is ended is over everywhere at once and no request is looked up for it.
"""

from uuid import UUID

from sqlalchemy import select

from foundation.background_read import BackgroundRead
from foundation.clock import Clock, bangkok_date
from foundation.db import Database, ReadSession
from immigration.models.access import SigningKey, TokenFamily
from immigration.registries.access import terms
from immigration.services.keys import Signer


class EndedSessions(BackgroundRead):
    """The sign-ins that ended while an access token of theirs may still live."""

    def __init__(self, database: Database, signer: Signer, clock: Clock) -> None:
        super().__init__(database, thread="ended-sessions")
        self._signer, self._clock = signer, clock
        self._ended: frozenset[UUID] = frozenset()

    def has(self, family: UUID | None) -> bool:
        """Whether a sign-in ended."""
        return family in self._ended

    def add(self, family: UUID) -> None:
        """Know in this process at once that a sign-in ended, which was just stored."""
        with self._reading:
            self._ended |= {family}

    def _read(self, session: ReadSession) -> None:
        now = self._clock()
        since = now - terms(bangkok_date(now)).access_token
        ended = session.scalars(select(TokenFamily.id).where(TokenFamily.revoked_at >= since)).all()
        compromised = session.scalars(select(SigningKey.kid).where(SigningKey.compromised_at.is_not(None))).all()
        self._ended = frozenset(ended)
        self._signer.drop(compromised)
