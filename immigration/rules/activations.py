"""Which code joins a phone to a person, and when a code may be handed out."""

from dataclasses import dataclass

from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import Assurance, PassportStatus

_OUT_OF_HAND = (PassportStatus.LOST, PassportStatus.STOLEN)


@dataclass(frozen=True)
class Claim:
    """Who a caller claims to be: a passport, and the birth date as far as it is in it."""

    document_number: str
    issuing_state: str
    birth_date: BirthDate


def obstacles(*, status: str, replaced: bool, assurance: str) -> list[str]:
    """What stands between a passport and a code of this assurance, whether to issue it or to use it; empty = go ahead.

    A replaced passport's number activates no phone; a lost or stolen one only with a code from a counter, where an
    officer saw who holds it.
    """
    standing = ["passport-replaced"] if replaced else []
    if status in _OUT_OF_HAND and assurance != Assurance.COUNTER:
        standing.append("passport-out-of-hand")
    return standing
