"""A passkey in software: real keys, CBOR and signatures, as an authenticator and its browser make them."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """A passkey for a site. What it says of the person, the site and its counter can be changed to test refusals.

    One that does not count is like passkeys that are synchronised between devices: its counter stays 0.
    """

    origin: str = "https://reports.example"
    site: str = "reports.example"
    flags: int = PRESENT | VERIFIED
    counter: int = 0
    counts: bool = True
    id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to registration options, with attestation `none`."""
        client = self._client_data("webauthn.create", options["challenge"])
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + self._cose_key()
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(self.flags | ATTESTED) + credential}
        return self._answer({"clientDataJSON": encoded(client), "attestationObject": encoded(cbor2.dumps(statement))})

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to sign-in options: signed with ES256."""
        client = self._client_data("webauthn.get", options["challenge"])
        data = self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": encoded(client),
                "authenticatorData": encoded(data),
                "signature": encoded(signature),
                "userHandle": None,
            }
        )

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _data(self, flags: int) -> bytes:
        self.counter += self.counts
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _cose_key(self) -> bytes:
        """The public key as RFC 9053 writes it: EC2, ES256, P-256."""
        point = self.key.public_key().public_numbers()
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": encoded(self.id),
            "rawId": encoded(self.id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }
