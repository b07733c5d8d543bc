"""What the targets for signed texts share: fixed keys, and ways to tamper with a genuine text.

The first byte of an input names a way. What follows is a text, or the header and the claims of one, or the changes to
make in the genuine one.
"""

import os
from datetime import UTC, datetime
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_decode, base64url_encode
from sqlalchemy import delete

from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, use_keyring
from immigration.models import obligations, people, records, reports  # noqa: F401 - the tables named by others
from immigration.models.access import SigningKey
from immigration.rules.codes import KeyPurpose
from immigration.services.keys import Signer

LONGEST = 1200
NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SECRET = "a-secret-of-the-tests-that-is-long-enough"
SETTINGS = Settings(environment="test", secret_keys=(SECRET,))
SECRETS = {KeyPurpose.ACCESS: 47, KeyPurpose.STATEMENT: 90}
FOREIGN_KEY = ec.derive_private_key(1, ec.SECP256R1())
AS_IT_IS, PARTS, BY_A_FOREIGN_KEY, BY_THE_PUBLIC_KEY, WITH_OTHER_CLAIMS, CHANGED, BY_OUR_OTHER_KEY = (
    bytes([n]) for n in range(7)
)
MADE = (PARTS, BY_A_FOREIGN_KEY, BY_THE_PUBLIC_KEY, WITH_OTHER_CLAIMS, CHANGED, BY_OUR_OTHER_KEY)


def now() -> datetime:
    """The clock of these targets, which stands still."""
    return NOW


@cache
def database() -> Database:
    """The database that the runner made, with empty tables but for the fixed keys."""
    use_keyring(Keyring((SECRET,)))
    store = Database(os.environ["FUZZ_DATABASE_URL"])
    Base.metadata.create_all(store.engine)
    with store.transaction() as session:
        session.execute(delete(SigningKey))
        session.add_all(_row(purpose) for purpose in SECRETS)
    return store


@cache
def signer() -> Signer:
    """The service's own signer, on that database."""
    return Signer(database(), now)


def private(purpose: KeyPurpose) -> ec.EllipticCurvePrivateKey:
    """The key of a purpose; a number makes it, so that nothing that looks like a key is kept."""
    return ec.derive_private_key(SECRETS[purpose], ec.SECP256R1())


def _row(purpose: KeyPurpose) -> SigningKey:
    key = private(purpose)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    jwk = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    pem = key.private_bytes(*form).decode()
    return SigningKey(kid=f"fuzz-{purpose}", purpose=purpose, public_jwk=jwk, private_pem=pem, created_at=NOW)


def seeds(genuine: str, other: str) -> tuple[bytes, ...]:
    """The genuine text, one of the other purpose, and one of each way to tamper with it."""
    header, claims, _ = (base64url_decode(part) for part in genuine.split("."))
    parts = header + b"\0" + claims
    unsigned = parts.replace(b"ES256", b"none")
    symmetric = parts.replace(b"ES256", b"HS256")
    inputs = [AS_IT_IS + text.encode() for text in (genuine, other, genuine[:90] + "\n" + genuine[90:], "a.b.c", "..")]
    inputs += [way + parts for way in (PARTS, BY_A_FOREIGN_KEY, WITH_OTHER_CLAIMS)]
    mine, others = (jwt.get_unverified_header(text)["kid"].encode() for text in (genuine, other))
    inputs += [BY_OUR_OTHER_KEY + parts, BY_OUR_OTHER_KEY + parts.replace(mine, others)]
    inputs += [PARTS + unsigned, BY_THE_PUBLIC_KEY + symmetric, BY_THE_PUBLIC_KEY + parts]
    last = (len(genuine) - 1).to_bytes(2, "big")
    reencoded = (CHANGED + last + bits for bits in (b"\x03", b"\x0f"))  # the same signature, encoded otherwise
    return (*inputs, *reencoded, CHANGED + b"\0\x09\1", CHANGED + b"\1\x40\x20\0\3\2", CHANGED)


def tampered(data: bytes, genuine: str, purpose: KeyPurpose) -> str:
    """The text that an input stands for."""
    way, rest = data[:1], data[1:]
    if way == CHANGED:
        return _changed(genuine, rest)
    if way not in MADE:
        return rest.decode("utf-8", "replace")
    header, _, claims = rest.partition(b"\0")
    if way == WITH_OTHER_CLAIMS:
        return f"{genuine.split('.')[0]}.{_part(header)}.{genuine.split('.')[2]}"
    signed = f"{_part(header)}.{_part(claims)}"
    return f"{signed}.{_signature(way, signed.encode(), genuine, purpose)}"


def may_pass(data: bytes, text: str, genuine: str) -> bool:
    """Whether a text is the genuine one; one that came ready-made may be an earlier signature of the same claims."""
    if data[:1] in MADE:
        return text == genuine
    return text.rpartition(".")[0] == genuine.rpartition(".")[0]


def _signature(way: bytes, signed: bytes, genuine: str, purpose: KeyPurpose) -> str:
    """The genuine text's, a foreign key's, our other key's, or one made as if our public key were a shared secret."""
    if way == BY_OUR_OTHER_KEY:
        other = KeyPurpose.STATEMENT if purpose == KeyPurpose.ACCESS else KeyPurpose.ACCESS
        return _part(jwt.get_algorithm_by_name("ES256").sign(signed, private(other)))
    if way == BY_A_FOREIGN_KEY:
        return _part(jwt.get_algorithm_by_name("ES256").sign(signed, FOREIGN_KEY))
    if way == BY_THE_PUBLIC_KEY:
        public = private(purpose).public_key()
        form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        return _part(jwt.get_algorithm_by_name("HS256").sign(signed, public.public_bytes(*form)))
    return genuine.split(".")[2]


def _changed(genuine: str, changes: bytes) -> str:
    """The genuine text after changes of three bytes each: where (two), and the bits to turn."""
    text = list(genuine)
    for start in range(0, len(changes) - 2, 3):
        place = int.from_bytes(changes[start : start + 2], "big") % len(text)
        text[place] = chr(ord(text[place]) ^ changes[start + 2])
    return "".join(text)


def _part(value: bytes) -> str:
    return base64url_encode(value).decode()
