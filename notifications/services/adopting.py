"""Two people on record turned out to be one: devices and messages of one follow to the other."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_MOVES = (
    """update devices d set person_id = :stays where person_id = :gone
    and not exists (select from devices o where o.person_id = :stays and o.device_id = d.device_id)""",
    """update notifications n set person_id = :stays where person_id = :gone
    and not exists (select from notifications o where o.person_id = :stays and o.dedupe = n.dedupe)""",
    """update deliveries d set person_id = n.person_id from notifications n
    where n.id = d.notification_id and d.person_id = :gone""",
)


def adopt(session: Session, gone: UUID, stays: UUID) -> None:
    """Move what belongs to `gone` to `stays`; what both have already stays behind, unreachable with its owner."""
    for statement in _MOVES:
        session.execute(text(statement), {"gone": gone, "stays": stays})
