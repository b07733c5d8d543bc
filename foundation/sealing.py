"""Encryption of single fields by the application (AES-256-GCM, key id in the row) and keyed blind indexes.

A sealed field is `version (1 byte) | key id (4) | nonce (12) | ciphertext and tag`. The name of the column is
authenticated with it, so that a value copied into another column does not open.
"""

import base64
import hashlib
import hmac
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import LargeBinary
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

_VERSION = b"\x01"
_KEY_ID = slice(1, 5)
_NONCE = slice(5, 17)


class CannotOpen(Exception):
    """A sealed field was made with a key this process does not have, or was altered."""


def derive(secret: str, purpose: str, length: int = 32) -> bytes:
    """A key of `length` bytes for one purpose from a secret (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose.encode())
    return kdf.derive(secret.encode())


class Keyring:
    """The keys of one installation: the first secret seals, every secret opens, the last one indexes.

    The index key stays with the oldest secret, so that rotating secrets leaves blind indexes valid.
    """

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._ciphers: dict[bytes, AESGCM] = {}
        for secret in secrets:
            key = derive(secret, "field")
            self._ciphers[hashlib.sha256(key).digest()[:4]] = AESGCM(key)
        self._current = next(iter(self._ciphers))
        self._index_key = derive(secrets[-1], "blind-index")
        self._digest_key = derive(secrets[-1], "code-digest")
        self._token_key = derive(secrets[-1], "token-successor")

    def seal(self, text: str, column: str) -> bytes:
        """Encrypt `text` for `column` ("table.column")."""
        nonce = os.urandom(12)
        return (
            _VERSION
            + self._current
            + nonce
            + self._ciphers[self._current].encrypt(nonce, text.encode(), column.encode())
        )

    def open(self, sealed: bytes, column: str) -> str:
        """Decrypt a field of `column`; raises CannotOpen."""
        cipher = self._ciphers.get(bytes(sealed[_KEY_ID]))
        if sealed[:1] != _VERSION or cipher is None:
            raise CannotOpen(column)
        try:
            return cipher.decrypt(bytes(sealed[_NONCE]), bytes(sealed[17:]), column.encode()).decode()
        except Exception as error:
            raise CannotOpen(column) from error

    def index(self, *parts: str) -> bytes:
        """The blind index of a value: equal for equal parts, and telling nothing without the key (HMAC-SHA256)."""
        return hmac.digest(self._index_key, "\x1f".join(parts).encode(), "sha256")

    def fingerprint(self, *parts: str) -> bytes:
        """16 bytes that change with the value, to see whether a row changed (keyed BLAKE2b)."""
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16, key=self._digest_key).digest()

    def digest(self, *parts: str) -> bytes:
        """What is kept of a short secret, such as an activation code, in its place (HMAC-SHA256)."""
        return hmac.digest(self._digest_key, "\x1f".join(parts).encode(), "sha256")

    def token(self, *parts: str) -> str:
        """A token of 256 bits that belongs to `parts`: always the same, and for nobody without the key to guess.

        The key stays with the oldest secret, so that rotating secrets does not change it.
        """
        mac = hmac.digest(self._token_key, "\x1f".join(parts).encode(), "sha256")
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


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


class Sealed(TypeDecorator[str]):
    """A text column that is encrypted before it leaves the application."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        """Seal on the way to the database."""
        return None if value is None else keyring().seal(value, self.column)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Open on the way back."""
        return None if value is None else keyring().open(bytes(value), self.column)
