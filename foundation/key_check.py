"""Whether this process has the secrets that the data were sealed with: a canary, sealed and indexed when they began.

Without it a wrong secret shows late: nothing opens any more, and an import finds no passport and makes each anew.

Beside it stand the keys that last (`foundation/sealing.py`), sealed with the present secret.
"""

from sqlalchemy import LargeBinary, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from foundation.classification import internal, sensitive
from foundation.db import Base, ReadSession, Session
from foundation.errors import Unavailable
from foundation.sealing import CannotOpen, Keyring, LastingKeys

_NAME, _TEXT, _COLUMN = "canary", "the secrets fit the data", "key_checks.sealed"
_ROWS, _LASTING = "sealed-to-rows", "lasting-keys"


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
    """Whether there is a canary, and it opens; raises WrongSecretKey where it does not.

    The keyring uses the lasting keys of the data from then on.
    """
    row = session.execute(select(KeyCheck.sealed, KeyCheck.blind_index).where(KeyCheck.name == _NAME)).one_or_none()
    if row is None:
        keyring.use_lasting(None)
        return False
    try:
        opened = keyring.open(row.sealed, _COLUMN)
        keyring.use_lasting(_lasting_keys(session, keyring))
    except CannotOpen as error:
        raise WrongSecretKey("neither SECRET_KEY nor SECRET_KEY_PREVIOUS is what the data were sealed with") from error
    if opened != _TEXT or row.blind_index != keyring.index(_NAME, _TEXT):
        raise WrongSecretKey("the oldest secret of SECRET_KEY_PREVIOUS is missing: passports would not be found by it")
    if session.scalar(select(KeyCheck.name).where(KeyCheck.name == _ROWS)):
        keyring.refuse_unbound()
    return True


def _lasting_keys(session: ReadSession, keyring: Keyring) -> LastingKeys | None:
    sealed = session.scalar(select(KeyCheck.sealed).where(KeyCheck.name == _LASTING))
    return None if sealed is None else LastingKeys.read(keyring.open(sealed, _COLUMN, _LASTING))


def keeps_lasting_keys(session: ReadSession) -> bool:
    """Whether the keys that last are kept; releases before this table had them did not."""
    return session.scalar(select(KeyCheck.name).where(KeyCheck.name == _LASTING)) is not None


def create(session: Session, keyring: Keyring) -> None:
    """Seal the canary and the keys that last with the present secrets, unless they are there."""
    for name, text in ((_NAME, keyring.seal(_TEXT, _COLUMN)), (_LASTING, _sealed_lasting_keys(keyring))):
        values = {"name": name, "sealed": text, "blind_index": keyring.index(name, _TEXT)}
        session.execute(insert(KeyCheck).values(values).on_conflict_do_nothing())


def all_are_bound(session: Session, keyring: Keyring) -> None:
    """Note that no field is left that is sealed to its column only; processes that start from now on open none.

    The canary and the keys that last are sealed with the present secret, so that earlier ones are not needed for them.
    """
    for name, text in ((_NAME, keyring.seal(_TEXT, _COLUMN)), (_LASTING, _sealed_lasting_keys(keyring))):
        session.execute(update(KeyCheck).where(KeyCheck.name == name).values(sealed=text))
    values = {"name": _ROWS, "sealed": keyring.seal(_TEXT, _COLUMN), "blind_index": keyring.index(_ROWS, _TEXT)}
    session.execute(insert(KeyCheck).values(values).on_conflict_do_nothing())
    keyring.refuse_unbound()


def _sealed_lasting_keys(keyring: Keyring) -> bytes:
    return keyring.seal(keyring.lasting.write(), _COLUMN, _LASTING)
