"""Fuzzing target: any text as a bearer token."""

from functools import cache
from uuid import UUID

from foundation.identity import Principal, Role
from immigration.rules.codes import KeyPurpose
from immigration.services import officers, tokens
from immigration.services.ended import EndedSessions
from immigration.services.tokens import Grant, InvalidToken
from tests.fuzz import signing
from tests.fuzz.signing import NOW, SETTINGS

LONGEST = signing.LONGEST
PHONE = Principal(Role.RESIDENT, UUID(int=47), assurance="counter", family=UUID(int=90))


@cache
def genuine() -> str:
    """The access token of a phone."""
    assert PHONE.family
    grant = Grant(PHONE.id, PHONE.family, PHONE.assurance, PHONE.passport_id, "refresh")
    return tokens.pair(signing.signer(), SETTINGS, grant, now=NOW).access_token


def seeds() -> tuple[bytes, ...]:
    """A token, tampered ones, and an officer's."""
    statement = signing.signer().sign_statement({"sub": str(PHONE.id)})
    return (*signing.seeds(genuine(), statement), signing.AS_IT_IS + officers.TOKEN_PREFIX.encode() + b"x" * 43)


def check(data: bytes) -> None:
    """Only the genuine token authenticates, as the principal it was issued to."""
    text = signing.tampered(data, genuine(), KeyPurpose.ACCESS)
    ended = EndedSessions(signing.database(), signing.signer(), signing.now)
    authenticate = tokens.authenticator(signing.database(), signing.signer(), signing.now, SETTINGS, ended)
    try:
        who = authenticate(text)
    except InvalidToken:
        assert text != genuine()
        return
    assert signing.may_pass(data, text, genuine()), text
    assert who == PHONE
