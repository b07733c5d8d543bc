"""Invented lives: arrivals, trips, extensions and reports, day by day, as the rules of reporting make them.

Due dates: arrival + 89; filed in person + 90; filed online or by post, the due date before + 90; the first extension
since the arrival counts as a report in person. Windows: 15 days before to 7 days after, online to the due date.
"""

from random import Random

from devtools.demo import places
from devtools.demo.classes import CHANGEABLE, TERMS, Regime
from devtools.demo.nations import Group, Nation
from devtools.demo.places import Place
from devtools.demo.records import History, Movement, Permission, Report, Residence

NEVER = 9_999_999
"""A day after all others."""

AFTER_DUE = 89
AFTER_BASIS = 90

_NO_ARRIVAL_CARDS = 738_337  # 2022-07-01: the paper card TM.6 was given up for arrivals by air
_DIGITAL_CARDS = 739_372  # 2025-05-01: the digital arrival card TDAC; the form of its number is not public

_TRIPS_A_YEAR: dict[Group, float] = {"worker": 0.15, "asia": 1.4, "west": 1.1}


class Life:
    """One person's years in the country, lived from their first arrival up to the day before `today`."""

    def __init__(self, rng: Random, nation: Nation, visa_class: str, today: int, *, trouble: str = "") -> None:
        self.history = History()
        self.rng = rng
        self.nation = nation
        self.today = today
        self.trouble = trouble
        self.visa_class = visa_class
        self.terms = TERMS[visa_class]
        self.homes: list[tuple[int, Place]] = []
        self.until = self.extensions = 0
        self.extended_since_arrival = False
        self.due = self.file_on = self.permission_on = self.leave_on = NEVER
        self.channel = self.changing_to = ""

    def live(self, first_arrival: int) -> History:
        """Everything that happened since the first arrival."""
        self._settle(first_arrival)
        if self.visa_class in CHANGEABLE and self.nation.group != "worker" and self.rng.random() < 0.07:
            self.changing_to, self.visa_class, self.terms = self.visa_class, "TR", TERMS["TR"]
        day: int | None = first_arrival
        while day is not None:
            self._arrive(day)
            while self._next_step():
                pass
            day = self._travel()
        self._register()
        return self.history

    # The stay

    def _arrive(self, day: int) -> None:
        afresh = self.terms.afresh or self.until - day < 30
        if afresh:
            self.until, self.extensions = day + self.terms.on_entry - 1, 0
        self.extended_since_arrival = False
        checkpoint = places.checkpoint(self.rng, self.nation.code, self._home(day).province_code)
        self.history.movements.append(
            Movement(day, "arrival", checkpoint, self._card(day), self.visa_class, self.until)
        )
        self._set_due(day + AFTER_DUE)
        self._plan_leaving(day)
        self._plan_permission(day)

    def _next_step(self) -> bool:
        """Live on to the next report, extension or departure; False when today comes first, or the person has left."""
        day = min(self.file_on, self.permission_on, self.leave_on)
        if day >= self.today:
            return False
        if day == self.file_on:
            self._file(day)
        elif day == self.permission_on:
            self._extend(day)
        else:
            return False
        return True

    def _file(self, day: int) -> None:
        keeps_due = self.channel in {"online", "post"} and day <= self.due
        due = (self.due if keeps_due else day) + AFTER_BASIS
        self.history.reports.append(Report(day, self.channel, self._home(day).office, due))
        self._set_due(due)

    def _extend(self, day: int) -> None:
        if self.changing_to:
            self.visa_class, self.terms, self.changing_to = self.changing_to, TERMS[self.changing_to], ""
            self.until = day + self.terms.on_entry - 1
            self.history.permissions.append(Permission(day, "change", self.until, self.visa_class))
            self._plan_leaving(day)
        else:
            self.until += self.terms.by_extension
            self.extensions += 1
            self.history.permissions.append(Permission(day, "extension", self.until))
            if not self.extended_since_arrival:
                self.extended_since_arrival = True
                self._set_due(day + AFTER_BASIS)
        self._plan_permission(day)

    def _plan_permission(self, day: int) -> None:
        """When the stay is extended next; where it cannot be, the person leaves before it ends."""
        if self.changing_to:
            self.permission_on = day + self.rng.randrange(20, 45)
        elif self.extensions < self.terms.extensions:
            self.permission_on = max(day + 1, self.until - self.rng.randrange(12, 40))
        else:
            self.permission_on = NEVER
            self.leave_on = min(self.leave_on, max(day + 1, self.until - self.rng.randrange(7)))

    def _plan_leaving(self, day: int) -> None:
        if self.visa_class == "TR":
            self.leave_on = NEVER
            return
        rate = _TRIPS_A_YEAR[self.nation.group] * (3 if self.visa_class in {"LTR", "PE", "DTV"} else 1)
        self.leave_on = day + 3 + int(self.rng.expovariate(rate / 365))
        if self.terms.regime == "yearly":
            self.leave_on = min(self.leave_on, day + self.rng.randrange(120, 320))

    # Reports

    def _set_due(self, due: int) -> None:
        """The next due date; with it, when and how the person will report."""
        if self.terms.regime != "90-day":
            return
        self.due = due
        self.channel = self._choose_channel()
        days = self.rng.randrange
        if self.channel == "online":
            self.file_on = due - days(15)
        elif self.channel == "post":
            self.file_on = due - days(15, 29)
        else:
            self.file_on = self._working_day(due + self._days_late() if self.rng.random() < 0.14 else due - days(14))
        if self.trouble == "late" and 8 <= self.today - due <= 98:
            self.file_on = NEVER

    def _choose_channel(self) -> str:
        """The first report is made in person: online it was refused."""
        if self.nation.group == "worker":
            channels, weights = ["agent", "counter", "online"], [60, 90, 100]
        else:
            channels, weights = ["online", "counter", "agent", "post"], [48, 82, 93, 100]
        channel = self.rng.choices(channels, cum_weights=weights)[0]
        return channel if self.history.reports or channel == "agent" else "counter"

    def _days_late(self) -> int:
        """Mostly within the seven days of grace, now and then after them."""
        return self.rng.randrange(1, 8) if self.rng.random() < 0.85 else self.rng.randrange(8, 31)

    def _working_day(self, day: int) -> int:
        """The day, or the Friday before it. (An ordinal is a Saturday or Sunday where it leaves 6 or 0.)"""
        return day - (1 if day % 7 == 6 else 2 if day % 7 == 0 else 0)

    # Trips

    def _travel(self) -> int | None:
        """Leave if that time has come; the day of coming back, None for those who are here or still abroad."""
        left = self.leave_on
        if left >= self.today:
            return None
        checkpoint = places.checkpoint(self.rng, self.nation.code, self._home(left).province_code)
        self.history.movements.append(Movement(left, "departure", checkpoint))
        chance = self.rng.random()
        away = 0 if chance < 0.12 else self.rng.randrange(2, 26) if chance < 0.9 else self.rng.randrange(26, 90)
        return left + away if left + away < self.today else None

    def _card(self, day: int) -> str:
        if day >= _DIGITAL_CARDS:
            return f"TDAC{self.rng.randrange(10**7):07d}"
        return f"TM{self.rng.randrange(10**5):05d}" if day < _NO_ARRIVAL_CARDS else ""

    # Homes

    def _settle(self, first_arrival: int) -> None:
        """Where the person lives from when on."""
        self.homes.append((first_arrival, places.choose_place(self.rng, self.nation.group)))
        if self.rng.random() < 0.2 and self.today - first_arrival > 60:
            moved = self.rng.randrange(first_arrival + 30, self.today)
            self.homes.append((moved, places.choose_place(self.rng, self.nation.group)))

    def _home(self, day: int) -> Place:
        return next(place for since, place in reversed(self.homes) if since <= day)

    def _register(self) -> None:
        """The hosts' notifications; some are missing, some are for another province than the one lived in."""
        if self.trouble == "no-tm30":
            return
        ends: list[int | None] = [since for since, _ in self.homes[1:]]
        for (since, place), until in zip(self.homes, [*ends, None], strict=True):
            told = place
            if self.trouble == "tm30-elsewhere" and until is None:
                told = places.choose_place(self.rng, self.nation.group, outside=place.province_code)
            self.history.residences.append(Residence(since, told, until, places.host(self.rng)))


def regime_of(visa_class: str) -> Regime:
    """The reporting regime of a visa class."""
    return TERMS[visa_class].regime
