"""Whether this process has the secrets that the data were sealed with: a canary, sealed and indexed when they began.

Without it a wrong secret shows late: nothing opens any more, and an import finds no passport and makes each anew.
"""

from sqlalchemy import LargeBinary, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, sensitive
from foundation.db import Base, ReadSession, Session
from foundation.errors import Unavailable
from foundation.sealing import CannotOpen, Keyring

_NAME, _TEXT, _COLUMN = "canary", "the secrets fit the data", "key_checks.sealed"
_ROWS = "sealed-to-rows"


class KeyCheck(Base):
    """A text that was sealed and indexed with the secrets in use then, to see whether today's can open it."""

    __tablename__ = "key_checks"
    __table_args__ = ({"info": {"person": None, "retention": "as long as the data"}},)

    name: Mapped[str] = mapped_column(Text, primary_key=True, info=internal("which"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("sealed text"))
    blind_index: Mapped[bytes] = mapped_column(LargeBinary, info=sensitive("blind index of the text"))


class WrongSecretKey(Unavailable):
    """The secrets of this process are not those that the data were sealed with."""

    code = "wrong-secret-key"


def check(session: ReadSession, keyring: Keyring) -> bool:
    """Whether there is a canary, and it opens; raises WrongSecretKey where it does not."""
    row = session.execute(select(KeyCheck.sealed, KeyCheck.blind_index).where(KeyCheck.name == _NAME)).one_or_none()
    if row is None:
        return False
    try:
        opened = keyring.open(row.sealed, _COLUMN)
    except CannotOpen as error:
        raise WrongSecretKey("neither SECRET_KEY nor SECRET_KEY_PREVIOUS is what the data were sealed with") from error
    if opened != _TEXT or row.blind_index != keyring.index(_NAME, _TEXT):
        raise WrongSecretKey("the oldest secret of SECRET_KEY_PREVIOUS is missing: passports would not be found by it")
    if session.scalar(select(KeyCheck.name).where(KeyCheck.name == _ROWS)):
        keyring.refuse_unbound()
    return True


def create(session: Session, keyring: Keyring) -> None:
    """Seal the canary with the present secrets, unless there is one."""
    values = {"name": _NAME, "sealed": keyring.seal(_TEXT, _COLUMN), "blind_index": keyring.index(_NAME, _TEXT)}
    session.execute(insert(KeyCheck).values(values).on_conflict_do_nothing())


def all_are_bound(session: Session, keyring: Keyring) -> None:
    """Note that no field is left that is sealed to its column only; processes that start from now on open none.

    The canary is sealed with the present secret, so that earlier ones are not needed for it.
    """
    canary = update(KeyCheck).where(KeyCheck.name == _NAME)
    session.execute(canary.values(sealed=keyring.seal(_TEXT, _COLUMN)))
    values = {"name": _ROWS, "sealed": keyring.seal(_TEXT, _COLUMN), "blind_index": keyring.index(_ROWS, _TEXT)}
    session.execute(insert(KeyCheck).values(values).on_conflict_do_nothing())
    keyring.refuse_unbound()
