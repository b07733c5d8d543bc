"""A service account's file as Firebase hands it out, with a key made here: for tests and drills."""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write(path: Path) -> Path:
    """Write the file of a service account that no provider knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "project_id": "demo",
        "private_key_id": "made-here",
        "private_key": key.decode(),
        "client_email": "reports@demo.example",
        "token_uri": "https://oauth2.example/token",
    }
    path.write_text(json.dumps(account))
    return path
