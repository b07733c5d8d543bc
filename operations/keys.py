"""Refusing to work with other secrets than those that the data were sealed with."""

from sqlalchemy import LargeBinary, select, type_coerce
from sqlalchemy.exc import ProgrammingError

from foundation import key_check
from foundation.db import Database
from foundation.key_check import WrongSecretKey
from foundation.sealing import CannotOpen, keyring, row_name
from immigration.models.people import Passport


def check_secrets(database: Database) -> None:
    """Raise WrongSecretKey where this process cannot open what is stored; Unavailable where the database is away.

    The first process on a database seals the canary, once it has seen that it can open a passport's number, if there
    is one, and the keys that last. Before the first migration there is nothing to check.
    """
    try:
        with database.read_session() as session:
            checked = key_check.check(session, keyring())
            if checked and key_check.keeps_lasting_keys(session):
                return
            columns = type_coerce(Passport.document_number, LargeBinary), Passport.document_index
            sealed = session.execute(select(*columns).limit(1)).one_or_none()
    except ProgrammingError:  # the table is not there: not migrated yet
        keyring().use_lasting(None)
        return
    if sealed is not None:
        try:
            keyring().open(sealed[0], "passports.document_number", row_name(bytes(sealed[1])))
        except CannotOpen as error:
            raise WrongSecretKey("neither SECRET_KEY nor SECRET_KEY_PREVIOUS opens what is stored") from error
    with database.transaction() as session:
        key_check.create(session, keyring())
        if sealed is None and not checked:
            key_check.all_are_bound(session, keyring())
