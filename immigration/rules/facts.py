"""The records about one person, as plain values: what the rules use, and nothing else."""

from dataclasses import dataclass
from datetime import date

from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import Channel

COUNTER_CHANNELS = frozenset({Channel.COUNTER, Channel.AGENT})


@dataclass(frozen=True, slots=True)
class Passport:
    """A passport of the person. `current` is the one that no other passport on record replaces."""

    id: int
    status: str
    expires_on: date
    birth_date: BirthDate
    replaces_another: bool
    current: bool


@dataclass(frozen=True, slots=True)
class Movement:
    """An arrival or a departure on a civil date in Bangkok."""

    id: str
    direction: str
    on: date
    visa_class: str | None = None
    permitted_until: date | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """An extension of stay, or a change of visa."""

    id: str
    kind: str
    on: date
    permitted_until: date
    visa_class: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A report that counts: one taken at an office, or one accepted here (`ours`).

    `entered_on` is the arrival of the stay that a report of ours was made in; `next_due_on` what its receipt states.
    """

    number: str
    on: date
    channel: str
    next_due_on: date | None
    passport_id: int
    office: str
    ours: bool = False
    entered_on: date | None = None


@dataclass(frozen=True, slots=True)
class Residence:
    """A residence that a host notified (TM.30). The address is empty where the cases of many people are read."""

    subdistrict_code: str
    address: str
    from_on: date
    until_on: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything on record about one person."""

    passports: tuple[Passport, ...] = ()
    movements: tuple[Movement, ...] = ()
    permissions: tuple[Permission, ...] = ()
    reports: tuple[Report, ...] = ()
    residences: tuple[Residence, ...] = ()

    @property
    def passport(self) -> Passport:
        """The passport the person holds now."""
        return max((p for p in self.passports if p.current), key=lambda p: p.id, default=self.passports[-1])
