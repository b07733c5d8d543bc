"""What happens to people: their passports, their sign-ins, what they ask of us."""

from dataclasses import dataclass
from typing import ClassVar

from foundation.events import Event


@dataclass(frozen=True, kw_only=True)
class PeopleMerged(Event):
    """A late record or an officer showed that two people on record are one, by their passports."""

    kind: ClassVar[str] = "people.joined"
    absorbed: str


@dataclass(frozen=True, kw_only=True)
class PeopleSeparated(Event):
    """Nothing links some passports of a person with the others any more: who holds them is `person_id` from then on."""

    kind: ClassVar[str] = "people.separated"
    former: str


@dataclass(frozen=True, kw_only=True)
class PassportsLinked(Event):
    """An officer stated that two passports have one holder."""

    kind: ClassVar[str] = "passports.linked"
    link: str


@dataclass(frozen=True, kw_only=True)
class PassportsUnlinked(Event):
    """An officer took the link between two passports back."""

    kind: ClassVar[str] = "passports.unlinked"
    link: str


@dataclass(frozen=True, kw_only=True)
class ActivationCodeIssued(Event):
    """A fresh activation code was issued, at a counter or by mail; `offices` are those of the officer who did."""

    kind: ClassVar[str] = "activation.code-issued"
    assurance: str
    offices: list[str]


@dataclass(frozen=True, kw_only=True)
class ResidentActivated(Event):
    """A phone was joined to a person."""

    kind: ClassVar[str] = "resident.activated"
    assurance: str
    family: str


@dataclass(frozen=True, kw_only=True)
class SignInRevoked(Event):
    """A used refresh token came back: it was copied, and the whole sign-in ended."""

    kind: ClassVar[str] = "resident.sign-in-revoked"
    family: str


@dataclass(frozen=True, kw_only=True)
class ResidentSignedIn(Event):
    """A resident signed in with a passkey."""

    kind: ClassVar[str] = "resident.signed-in"
    family: str


@dataclass(frozen=True, kw_only=True)
class PasskeyAdded(Event):
    """A resident registered a passkey."""

    kind: ClassVar[str] = "resident.passkey-added"
    passkey: str


@dataclass(frozen=True, kw_only=True)
class PasskeyRemoved(Event):
    """A passkey was removed, by its owner, or as the passport behind it was reported lost or stolen."""

    kind: ClassVar[str] = "resident.passkey-removed"
    passkey: str


@dataclass(frozen=True, kw_only=True)
class SignedOut(Event):
    """A resident signed a phone out, on that phone."""

    kind: ClassVar[str] = "resident.signed-out"
    family: str


@dataclass(frozen=True, kw_only=True)
class SignInEnded(Event):
    """A sign-in was ended from elsewhere: by its owner, an officer or the command line, or as its passport is lost."""

    kind: ClassVar[str] = "resident.sign-in-ended"
    family: str
    because: str


@dataclass(frozen=True, kw_only=True)
class ContactChanged(Event):
    """A resident changed language or contact data."""

    kind: ClassVar[str] = "resident.contact-changed"
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class DataErased(Event):
    """A resident had removed what no law keeps: contact data, passkeys, devices, settings, other sign-ins."""

    kind: ClassVar[str] = "resident.data-erased"


@dataclass(frozen=True, kw_only=True)
class DataExported(Event):
    """A resident took a copy of all that is kept of them."""

    kind: ClassVar[str] = "resident.exported"
