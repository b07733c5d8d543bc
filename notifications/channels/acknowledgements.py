"""What an app says back when a message arrives or is opened: a mark that came with it, which nobody else can make.

It works without a sign-in, since the service worker that shows a message has none.
"""

import base64
import binascii
import hmac
from uuid import UUID

from foundation.sealing import keyring

LENGTH = 43
_PURPOSE = "deliveries.acknowledgement"


def mark(delivery_id: UUID) -> str:
    """The mark of a delivery: its id and 16 bytes that prove that this service sent it; 43 letters."""
    return base64.urlsafe_b64encode(delivery_id.bytes + _proof(delivery_id)).decode().rstrip("=")


def read(text: str) -> UUID | None:
    """The delivery that a mark is of; None for one that this service did not make."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        delivery_id = UUID(bytes=content[:16])
    except (ValueError, binascii.Error):
        return None
    return delivery_id if hmac.compare_digest(content[16:], _proof(delivery_id)) else None


def _proof(delivery_id: UUID) -> bytes:
    return keyring().index(_PURPOSE, delivery_id.hex)[:16]
