"""Encryption of single fields by the application (AES-256-GCM, key id in the row) and keyed blind indexes.

A sealed field is `version (1 byte) | key id (4) | nonce (12) | ciphertext and tag`. Column and row are authenticated
with it, so that a value copied into another column or row does not open. Version 1, of earlier releases, knows the
column only; `flask secrets reseal` leaves none.

What names a row is a key of its own that never changes alone: a `Sealed` column says which columns that is. A value
that is written says its row with `bound`; reading asks the database for the row's key beside the value.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import (
    ColumnElement,
    Connection,
    Label,
    LargeBinary,
    Text,
    cast,
    func,
    inspect,
    literal_column,
    type_coerce,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Mapper
from sqlalchemy.types import TypeDecorator

_UNBOUND, _BOUND = b"\x01", b"\x02"
_KEY_ID = slice(1, 5)
_NONCE = slice(5, 17)


class CannotOpen(Exception):
    """A sealed field was made with a key this process does not have, or was altered."""


def derive(secret: str, purpose: str, length: int = 32) -> bytes:
    """A key of `length` bytes for one purpose from a secret (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose.encode())
    return kdf.derive(secret.encode())


@dataclass(frozen=True)
class LastingKeys:
    """The keys whose results are compared for years, so that a new secret may not change them.

    They come from the secret an installation began with. The database keeps them, sealed with the present secret
    (`foundation/key_check.py`), so that the first one can be dropped as any other.
    """

    index: bytes
    digest: bytes
    token: bytes
    vapid: bytes

    @classmethod
    def of(cls, secret: str) -> "LastingKeys":
        """Those of an installation that begins with a secret."""
        return cls(
            index=derive(secret, "blind-index"),
            digest=derive(secret, "code-digest"),
            token=derive(secret, "token-successor"),
            vapid=derive(secret, "vapid", 48),
        )

    @classmethod
    def read(cls, text: str) -> "LastingKeys":
        """Those that `write` wrote."""
        return cls(**{name: bytes.fromhex(key) for name, key in json.loads(text).items()})

    def write(self) -> str:
        """All of them as one text."""
        return json.dumps({name: key.hex() for name, key in asdict(self).items()})


class Keyring:
    """The keys of one installation: the first secret seals, every secret opens; what is compared has keys that last.

    `binds` is false only for data that are copied from row to row on purpose, which benchmarks do.

    Until `use_lasting` says otherwise, the keys that last are those of the oldest secret.
    """

    def __init__(self, secrets: tuple[str, ...], *, binds: bool = True) -> None:
        self._binds = binds
        self._opens_unbound = True
        self._ciphers: dict[bytes, AESGCM] = {}
        self._proof_keys: dict[bytes, bytes] = {}
        for secret in secrets:
            key = derive(secret, "field")
            name = hashlib.sha256(key).digest()[:4]
            self._ciphers[name] = AESGCM(key)
            self._proof_keys[name] = derive(secret, "row-proof")
        self._current = next(iter(self._ciphers))
        self._lasting = self._of_oldest = LastingKeys.of(secrets[-1])
        self._load_lasting: Callable[[], object] | None = None

    @property
    def lasting(self) -> LastingKeys:
        """The keys that last; where they are still to be read, reads them first and raises what that raises."""
        if self._load_lasting is not None:
            self._load_lasting()
        return self._lasting

    def use_lasting(self, keys: LastingKeys | None) -> None:
        """Use the lasting keys that the database keeps, or where it keeps none yet, those of the oldest secret."""
        self._lasting, self._load_lasting = keys or self._of_oldest, None

    def load_lasting_by(self, load: Callable[[], object]) -> None:
        """Have the lasting keys read before their first use, by what calls `use_lasting`."""
        self._load_lasting = load

    @property
    def prefix(self) -> bytes:
        """How every field begins that is sealed to its row with the present secret."""
        return _BOUND + self._current

    @property
    def proof_names(self) -> list[bytes]:
        """How the marks of `prove` begin that this process can check."""
        return list(self._proof_keys)

    def refuse_unbound(self) -> None:
        """Open no field any more that is sealed to its column only."""
        self._opens_unbound = False

    def seal(self, text: str, column: str, row: str | None = None) -> bytes:
        """Encrypt `text` for `column` ("table.column") and for the row that `row` names."""
        version = _BOUND if row is not None and self._binds else _UNBOUND
        nonce = os.urandom(12)
        place = _place(version, column, row)
        return version + self._current + nonce + self._ciphers[self._current].encrypt(nonce, text.encode(), place)

    def open(self, sealed: bytes, column: str, row: str | None = None) -> str:
        """Decrypt a field of `column` in the row that `row` names; raises CannotOpen."""
        version = bytes(sealed[:1])
        cipher = self._ciphers.get(bytes(sealed[_KEY_ID]))
        bound = row is not None and not self._opens_unbound
        if cipher is None or version not in ((_BOUND,) if bound else (_BOUND, _UNBOUND)):
            raise CannotOpen(column)
        try:
            return cipher.decrypt(bytes(sealed[_NONCE]), bytes(sealed[17:]), _place(version, column, row)).decode()
        except Exception as error:
            raise CannotOpen(column) from error

    def index(self, *parts: str) -> bytes:
        """The blind index of a value: equal for equal parts, and telling nothing without the key (HMAC-SHA256)."""
        return hmac.digest(self.lasting.index, "\x1f".join(parts).encode(), "sha256")

    def fingerprint(self, *parts: str) -> bytes:
        """16 bytes that change with the value, to see whether a row changed (keyed BLAKE2b)."""
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16, key=self.lasting.digest).digest()

    def digest(self, *parts: str) -> bytes:
        """What is kept of a short secret, such as an activation code, in its place (HMAC-SHA256)."""
        return hmac.digest(self.lasting.digest, "\x1f".join(parts).encode(), "sha256")

    def prove(self, content: bytes) -> bytes:
        """A mark that only a process with the present secret can make: key id (4), nonce (8), HMAC-SHA256 (24).

        No two marks are equal, so that a row that was copied with its mark shows.
        """
        nonce = os.urandom(8)
        return self._current + nonce + self._mac(self._current, nonce + content)

    def proves(self, proof: bytes, content: bytes) -> bool | None:
        """Whether a mark was made for this content; None where it was made with a secret this process has not."""
        name, nonce = bytes(proof[:4]), bytes(proof[4:12])
        if name not in self._proof_keys:
            return None
        return hmac.compare_digest(bytes(proof[12:]), self._mac(name, nonce + content))

    def _mac(self, name: bytes, content: bytes) -> bytes:
        return hmac.digest(self._proof_keys[name], content, "sha256")[:24]

    def token(self, *parts: str) -> str:
        """A token of 256 bits that belongs to `parts`: always the same, and for nobody without the key to guess."""
        mac = hmac.digest(self.lasting.token, "\x1f".join(parts).encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _place(version: bytes, column: str, row: str | None) -> bytes:
    """What is authenticated with a field."""
    return column.encode() if version == _UNBOUND else f"{column}\x00{row}".encode()


_keyring: Keyring | None = None


def use_keyring(keyring: Keyring) -> None:
    """Set the keys that sealed columns of this process use; called once when a process starts."""
    global _keyring  # noqa: PLW0603 - column types are built at import, before any settings exist
    _keyring = keyring


def keyring() -> Keyring:
    """The keys of this process."""
    if _keyring is None:
        raise RuntimeError("no keyring: call use_keyring() first")
    return _keyring


class Bound(str):
    """A text that is to be sealed to a row; otherwise like any other."""

    __slots__ = ("row",)
    row: str


def bound(text: str, *key: object) -> Bound:
    """A text for the row that `key` names: the values of the columns that the sealed column says, in their order."""
    value = Bound(text)
    value.row = row_name(*key)
    return value


def row_name(*key: object) -> str:
    """The name of a row, as `_packed` makes it in the database."""
    return "\x1f".join(part.hex() if isinstance(part, bytes) else str(part) for part in key)


class Sealed(TypeDecorator[str]):
    """A text column that is encrypted before it leaves the application, for the row that the columns `row` name."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str, *row: str) -> None:
        super().__init__()
        self.column = column
        self.row = row

    def seal(self, text: str) -> bytes:
        """A text as the column keeps it, for rows that are written past the ORM; it has to be `bound` to its row."""
        if not isinstance(text, Bound):
            raise TypeError(f"{self.column}: say with bound() to which row the text belongs")
        return keyring().seal(text, self.column, text.row)

    def open(self, sealed: bytes, *key: object) -> str:
        """Open what was read past the ORM, of the row that `key` names; raises CannotOpen."""
        return keyring().open(sealed, self.column, row_name(*key))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal on the way to the database."""
        return None if value is None else self.seal(value)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Read the row's name beside the value."""
        return type_coerce(_packed(column, self), self)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Open on the way back."""
        return _opened(value, self.column)


class _Packed(TypeDecorator[str]):
    """A sealed value with its row's name in front of it."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Open on the way back."""
        return _opened(value, self.column)


def with_row(column: Any) -> ColumnElement[str | None]:
    """A sealed column to be read through a subquery, which loses the row otherwise."""
    sealed: Sealed = column.type
    return type_coerce(_packed(column, sealed), _Packed(sealed.column))


def _packed(column: Any, sealed: Sealed) -> ColumnElement[Any]:
    while isinstance(column, Label):
        column = column.element
    if hasattr(column, "__clause_element__"):
        column = column.__clause_element__()
    key = [column.table.c[name] for name in sealed.row]
    parts = [func.encode(part, "hex") if isinstance(part.type, LargeBinary) else cast(part, Text) for part in key]
    name = func.convert_to(func.concat_ws(literal_column("E'\\x1f'"), *parts), literal_column("'UTF8'"))
    return name.op("||")(literal_column("'\\x00'::bytea")).op("||")(type_coerce(column, LargeBinary))


def _opened(packed: Any | None, column: str) -> str | None:
    if packed is None:
        return None
    row, _, sealed = bytes(packed).partition(b"\x00")
    return keyring().open(sealed, column, row.decode())


def seal_to_row(mapper: Mapper[Any], _connection: Connection, target: Any) -> None:
    """Bind the sealed values of an object that is written to its row: called before each insert and update."""
    state = inspect(target)
    for attribute in mapper.column_attrs:
        sealed = attribute.columns[0].type
        if not isinstance(sealed, Sealed) or not state.attrs[attribute.key].history.added:
            continue
        text = getattr(target, attribute.key)
        if text is not None:
            setattr(target, attribute.key, bound(text, *(getattr(target, name) for name in sealed.row)))
