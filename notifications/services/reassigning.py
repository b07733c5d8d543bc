"""Two people on record turned out to be one: devices and messages of one follow to the other."""

from uuid import UUID

from sqlalchemy import text

from foundation.db import Session

_MOVES = (
    """update devices d set person_id = :canonical where person_id = :duplicate
    and not exists (select from devices o where o.person_id = :canonical and o.device_id = d.device_id)""",
    """update notifications n set person_id = :canonical where person_id = :duplicate
    and not exists (select from notifications o where o.person_id = :canonical and o.dedupe = n.dedupe)""",
    """update deliveries d set person_id = n.person_id from notifications n
    where n.id = d.notification_id and d.person_id = :duplicate""",
)


def reassign(session: Session, duplicate: UUID, canonical: UUID) -> None:
    """Move what belongs to `duplicate` to `canonical`; what both have already stays with the duplicate, unreachable."""
    for statement in _MOVES:
        session.execute(text(statement), {"duplicate": duplicate, "canonical": canonical})
