"""An officer gives their own account another password, and shows the present one for it."""

from datetime import datetime

from sqlalchemy import update

from foundation.db import Session
from foundation.errors import Unprocessable
from foundation.identity import Principal
from immigration.models.access import Officer, OfficerSession, token_digest
from immigration.services import officers
from immigration.services.officers import Credentials


class WrongPassword(Unprocessable):
    """This is not the present password of the account."""

    code = "wrong-password"


class SamePassword(Unprocessable):
    """The next password is the present one."""

    code = "same-password"


def change(
    session: Session, known: Credentials, password_hash: str | None, *, officer: Principal, token: str, now: datetime
) -> bool:
    """Keep the next password's hash and end all other sessions; False where the present password was not the one.

    `password_hash` is None where what was checked outside did not fit. A password that was changed meanwhile does not
    fit either. That is recorded as a sign-in that failed: whoever holds a session may be guessing.
    """
    account = session.get_one(Officer, officer.id, with_for_update=True)
    if password_hash is None or account.password_hash != known.password_hash:
        officers.record_failure(session, known, account, now)
        return False
    account.password_hash = password_hash
    others = (OfficerSession.officer_id == officer.id, OfficerSession.token_digest != token_digest(token))
    session.execute(update(OfficerSession).where(*others, OfficerSession.expires_at > now).values(expires_at=now))
    officers.record_change(session, account, "own-password", actor=officer.actor, now=now)
    return True
