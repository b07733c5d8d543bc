"""The keys that the service signs with: ES256, made here, rotated in a transaction, kept by each process for a minute.

Access tokens, statements and seals have keys of their own, so that none passes for another. A replaced key's private
part is removed at once; its public part goes on verifying: access keys for a day more, the others for ever.
"""

import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode, base64url_encode
from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from foundation import events
from foundation.clock import Clock, bangkok_date, monotonic
from foundation.db import Database, ReadSession, Session
from foundation.errors import Conflict, Unavailable
from foundation.sealing import bound
from immigration.events import KeyRotated
from immigration.models.access import SigningKey
from immigration.registries.access import terms
from immigration.rules.codes import KeyPurpose

ALGORITHM = "ES256"
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])
FRESH_FOR = 60.0
"""Seconds that a process uses the keys it has read before it reads them again."""
PAUSE = 1.0
"""Seconds between two readings that unknown key ids cause: made-up ids must not become queries."""
LONGEST = 8 * 1024
_TYPES: dict[str, str] = {
    KeyPurpose.ACCESS: "at+jwt",
    KeyPurpose.STATEMENT: "statement+jwt",
    KeyPurpose.SEAL: "seal+jwt",
}
_KEPT = 4096


class InvalidSignature(Exception):
    """The text is not one that this service signed for this purpose, or its key is no longer in use."""


@dataclass(frozen=True)
class _Key:
    kid: str
    purpose: str
    public: ec.EllipticCurvePublicKey
    private: ec.EllipticCurvePrivateKey | None
    retired_at: datetime | None


def ensure(session: Session, purpose: KeyPurpose, now: datetime) -> str:
    """Make the key of a purpose unless there is one; its id. Processes that start at once end with the same key."""
    return _active(session, purpose) or _add(session, purpose, now) or _the_active(session, purpose)


class CannotEndKey(Conflict):
    """Keys of this purpose cannot be ended in an emergency."""

    code = "cannot-end-key"


def replace_compromised(session: Session, purpose: KeyPurpose, now: datetime, *, actor: str = "command-line") -> str:
    """Make a new key, and end those before it at once, since one is in other hands; the new one's id.

    Of access tokens every key before it ends, of statements the present one: earlier ones' private parts are gone.
    Raises CannotEndKey for seals, which the witness keeps.
    """
    if purpose == KeyPurpose.SEAL:
        raise CannotEndKey("seals that the witness has stand; rotate the key and compare from its last good seal on")
    leaked = [SigningKey.purpose == purpose, SigningKey.compromised_at.is_(None)]
    if purpose == KeyPurpose.STATEMENT:
        leaked.append(SigningKey.retired_at.is_(None))
    ended = {"retired_at": now, "compromised_at": now, "private_pem": None}
    session.execute(update(SigningKey).where(*leaked).values(**ended))
    kid = _add(session, purpose, now) or _the_active(session, purpose)
    event = KeyRotated(subject=kid, person_id=None, purpose=purpose, compromised=True)
    events.record(session, event, actor=actor, at=now)
    return kid


def rotate(session: Session, purpose: KeyPurpose, now: datetime, *, actor: str = "command-line") -> str:
    """Make a new key that signs from now on; its id. Of rotations at the same moment one takes place."""
    until = now + terms(bangkok_date(now)).access_key_overlap if purpose == KeyPurpose.ACCESS else now
    active = (SigningKey.purpose == purpose, SigningKey.retired_at.is_(None))
    session.execute(update(SigningKey).where(*active).values(retired_at=until, private_pem=None))
    if kid := _add(session, purpose, now):
        events.record(session, KeyRotated(subject=kid, person_id=None, purpose=purpose), actor=actor, at=now)
    return kid or _the_active(session, purpose)


def jwks(session: ReadSession, now: datetime) -> dict[str, Any]:
    """The public keys that still verify, as a JWK set (RFC 7517), oldest first; `purpose` says what each signs."""
    in_use = or_(SigningKey.purpose != KeyPurpose.ACCESS, SigningKey.retired_at.is_(None), SigningKey.retired_at > now)
    rows = session.execute(
        select(SigningKey.public_jwk, SigningKey.kid, SigningKey.purpose)
        .where(in_use, SigningKey.compromised_at.is_(None))
        .order_by(SigningKey.created_at, SigningKey.kid)
    )
    keys = [jwk | {"kid": kid, "use": "sig", "alg": ALGORITHM, "purpose": purpose} for jwk, kid, purpose in rows]
    return {"keys": keys}


class Signer:
    """Signs and verifies with the keys of the database, read at most once a minute and when a key id is unknown.

    It opens its own short transactions, and makes the keys where there are none yet. While it holds keys, an absent
    database does not keep it from signing or verifying. Safe to share between threads.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: dict[str, _Key] = {}
        self._read_at = self._unknown_at = float("-inf")
        self._reading = threading.Lock()
        self._verified: dict[str, tuple[str, dict[str, Any]]] = {}

    def refresh(self) -> None:
        """Read the keys if they are old. Called before a transaction that signs something, it saves a connection."""
        if monotonic() - self._read_at < FRESH_FOR:
            return
        if not self._keys:
            self._read()
        elif self._reading.acquire(blocking=False):
            try:
                self._load()
            except Unavailable:
                self._read_at = monotonic() - FRESH_FOR + PAUSE  # the keys at hand serve until the database is back
            finally:
                self._reading.release()

    def drop(self, kids: Iterable[str]) -> None:
        """Use keys no more that are in other hands."""
        if given_up := set(kids) & self._keys.keys():
            self._keys = {kid: key for kid, key in self._keys.items() if kid not in given_up}

    def sign_statement(self, claims: dict[str, Any]) -> str:
        """A compact JWS (RFC 7515) of JSON-ready claims, signed for ever: a receipt, or proof of a filing time."""
        return self.sign(KeyPurpose.STATEMENT, claims)

    def verify_statement(self, text: str) -> dict[str, Any]:
        """The claims of a statement this service signed, whenever that was; raises InvalidSignature."""
        return self.verify(KeyPurpose.STATEMENT, text)

    def verify(self, purpose: KeyPurpose, text: str) -> dict[str, Any]:
        """The claims of what a key of `purpose` signed, whenever that was; raises InvalidSignature."""
        return self._verify(purpose, text)[1]

    def sign(self, purpose: KeyPurpose, claims: dict[str, Any]) -> str:
        """A compact JWS with the present key of `purpose`."""
        self.refresh()
        key = self._signing(purpose)
        if key is None:
            self._read()
            key = self._signing(purpose)
        if key is None or key.private is None:
            raise RuntimeError(f"no key signs for {purpose}")
        return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"kid": key.kid, "typ": _TYPES[purpose]})

    def verify_access(self, token: str, now: datetime) -> dict[str, Any]:
        """The claims of an access token whose key is in use, for the caller to judge; raises InvalidSignature."""
        self.refresh()
        kid, claims = self._verified.get(token) or self._verify(KeyPurpose.ACCESS, token)
        key = self._keys.get(kid)
        if key is None or (key.retired_at and key.retired_at <= now):
            raise InvalidSignature("the key is retired")
        if len(self._verified) >= _KEPT:
            self._verified.clear()
        self._verified[token] = kid, claims
        return claims

    def _verify(self, purpose: KeyPurpose, text: str) -> tuple[str, dict[str, Any]]:
        if len(text) > LONGEST or not _is_canonical(text):
            raise InvalidSignature("not a compact JWS as we write them")
        try:
            header = _header(text.partition(".")[0])
            key = self._find(header.get("kid"))
            if key is None or key.purpose != purpose or header.get("typ") != _TYPES[purpose]:
                raise InvalidSignature("no key of ours")
            payload = _JWS.decode(text, key.public, algorithms=[ALGORITHM])
            claims = json.loads(payload)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise InvalidSignature("not signed by us") from error
        if not isinstance(claims, dict):
            raise InvalidSignature("not a set of claims")
        return key.kid, claims

    def _find(self, kid: Any) -> _Key | None:
        if not isinstance(kid, str):
            return None
        self.refresh()
        if kid not in self._keys and monotonic() - self._unknown_at >= PAUSE:
            self._unknown_at = monotonic()
            self._read()
        return self._keys.get(kid)

    def _signing(self, purpose: KeyPurpose) -> _Key | None:
        keys = self._keys.values()
        return next((key for key in keys if key.purpose == purpose and key.private and key.retired_at is None), None)

    def _read(self) -> None:
        started = monotonic()
        with self._reading:
            if self._read_at < started:
                self._load()

    def _load(self) -> None:
        with self._database.read_session() as session:
            keys = _all(session)
        if {key.purpose for key in keys if key.private} != set(KeyPurpose):
            with self._database.transaction() as session:
                for purpose in KeyPurpose:
                    ensure(session, purpose, self._clock())
                keys = _all(session)
        self._keys = {key.kid: key for key in keys}
        self._read_at = monotonic()


@lru_cache(maxsize=64)
def _header(segment: str) -> dict[str, Any]:
    """The header of a JWS, not yet verified: that of all we sign with one key is the same text. Raises ValueError."""
    header = json.loads(base64url_decode(segment))
    if not isinstance(header, dict):
        raise ValueError("not a JWS header")
    return header


def _is_canonical(text: str) -> bool:
    """Whether the signature has one spelling only: its last character carries bits that decoding would ignore."""
    signature = text.rpartition(".")[2]
    try:
        return base64url_encode(base64url_decode(signature)).decode() == signature
    except ValueError:
        return False


def _active(session: ReadSession, purpose: str) -> str | None:
    return session.scalar(select(SigningKey.kid).where(SigningKey.purpose == purpose, SigningKey.retired_at.is_(None)))


def _the_active(session: Session, purpose: str) -> str:
    kid = _active(session, purpose)
    if kid is None:
        raise RuntimeError(f"the key for {purpose} was retired while it was looked for")
    return kid


def _add(session: Session, purpose: str, now: datetime) -> str | None:
    """A new active key's id; None where another transaction was quicker (it is waited for)."""
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = _thumbprint(jwk)
    row = {
        "kid": kid,
        "purpose": purpose,
        "public_jwk": jwk,
        "private_pem": bound(pem.decode(), kid),
        "created_at": now,
    }
    added = insert(SigningKey).values(row).on_conflict_do_nothing().returning(SigningKey.kid)
    return session.scalar(added)


def _all(session: ReadSession) -> list[_Key]:
    return [
        _Key(row.kid, row.purpose, _public(row.public_jwk), _private(row.private_pem), row.retired_at)
        for row in session.scalars(select(SigningKey).where(SigningKey.compromised_at.is_(None)))
    ]


def _public(jwk: dict[str, Any]) -> ec.EllipticCurvePublicKey:
    key = ECAlgorithm.from_jwk(jwk)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("not a public EC key")
    return key


def _private(pem: str | None) -> ec.EllipticCurvePrivateKey | None:
    if pem is None:
        return None
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a private EC key")
    return key


def _thumbprint(jwk: dict[str, Any]) -> str:
    """A key's id: its thumbprint. Source: RFC 7638."""
    members = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    return base64url_encode(hashlib.sha256(members.encode()).digest()).decode()
