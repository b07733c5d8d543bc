"""Named people of the demo country, one for every state a person can be in; always there, with fixed passports."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from devtools.demo.nations import Nation, Person, Pool
from devtools.demo.places import Place
from devtools.demo.records import History, Movement, Passport, Permission, Report, Residence
from immigration.rules import mrz
from immigration.rules.birth_dates import BirthDate

Assurance = Literal["counter", "mail"]

_HOME = Place("103901", "1 Sukhumvit 31", "10", "BKK")
_NOBODY = Pool((), (), (), ())


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named person: what they show, the passport to sign in with, and the assurance to activate it with."""

    key: str
    title: str
    document_number: str
    issuing_state: str
    birth_date: date
    mrz: str
    assurance: Assurance


@dataclass(frozen=True, slots=True)
class _In:
    """An arrival, and the last day of the stay it permits. Days count from today, here and below."""

    day: int
    visa_class: str
    until: int


@dataclass(frozen=True, slots=True)
class _Out:
    """A departure."""

    day: int


@dataclass(frozen=True, slots=True)
class _Reported:
    """A report taken at a counter or online, and the next due date on its receipt."""

    day: int
    channel: str
    due: int


@dataclass(frozen=True, slots=True)
class _Extended:
    """An extension of stay, and its last day."""

    day: int
    until: int


_Event = _In | _Out | _Reported | _Extended


@dataclass(frozen=True, slots=True)
class _Part:
    """A named person as written down below."""

    key: str
    title: str
    state: str
    surname: str
    given_names: str
    sex: Literal["M", "F"]
    born: date
    events: list[_Event]
    assurance: Assurance = "mail"
    status: str = "valid"
    residence: bool = True
    passport_since: int | None = None
    """The day a new passport replaced the one before."""


def _regular(due: int, visa_class: str = "NON-O", until: int = 250) -> list[_Event]:
    """Someone who has reported twice since arriving, at a counter and online, and is due on that day."""
    return [
        _In(due - 267, visa_class, until),
        _Reported(due - 180, "counter", due - 90),
        _Reported(due - 96, "online", due),
    ]


_CAST = [
    _Part("not-open", "Reported a month ago: the next window is not open yet",
          "FRA", "MARTIN", "CHLOE", "F", date(1990, 5, 17), _regular(60)),
    _Part("open", "The window is open: eight days left, accepted at once",
          "JPN", "SATO", "KENJI", "M", date(1964, 11, 2), _regular(8, "NON-OA")),
    _Part("due-today", "The last day of the online window",
          "GBR", "OCONNOR", "LIAM", "M", date(1958, 12, 31), _regular(0)),
    _Part("in-grace", "Two days over: the counter still takes the report without a fine",
          "CHN", "WANG", "XIUYING", "F", date(1993, 3, 3), _regular(-2, "NON-ED")),
    _Part("late", "Forty days over: a settlement at the office",
          "CHE", "MUELLER", "JOERG", "M", date(1971, 7, 7), _regular(-40)),
    _Part("re-entered", "Came back after the last report: counting began again, and the window is open",
          "RUS", "IVANOVA", "ELENA", "F", date(1985, 8, 30), [*_regular(-70), _Out(-100), _In(-80, "NON-O", 250)]),
    _Part("new-passport", "Due within a week, with a new passport; all records are under the cancelled one",
          "KOR", "KIM", "MINJUN", "M", date(1988, 1, 29), _regular(6), "counter", passport_since=-20),
    _Part("yearly", "A long-term resident: one report a year, elsewhere",
          "SGP", "TAN", "WEI LING", "F", date(1979, 2, 28), [_In(-200, "LTR", 1626)]),
    _Part("exempt", "A diplomat: no report is due",
          "SWE", "LINDQVIST", "OLA", "M", date(1968, 6, 6), [_In(-300, "DIPLOMATIC", 795)]),
    _Part("unclear", "Admitted by a Cabinet resolution: ask the office",
          "MMR", "", "THIDA AYE", "F", date(1999, 9, 19), [_In(-240, "CABINET", 125)]),
    _Part("stay-expired", "The permission to stay ended five days ago",
          "IND", "PATEL", "ROHAN", "M", date(1991, 1, 11), _regular(3, "NON-B", until=-5)),
    _Part("returned-report", "An ordinary open case, for a report that an officer returns",
          "DEU", "SCHMIDT", "SABINE", "F", date(1975, 4, 9), _regular(5)),
    _Part("abroad", "Left ten days ago",
          "NLD", "DE VRIES", "SANNE", "F", date(1982, 12, 12), [*_regular(30), _Out(-10)]),
    _Part("leaves-before-due", "The stay ends on the day the report would be due",
          "ITA", "ROSSI", "GIULIA", "F", date(1995, 10, 10), [_In(-80, "NON-ED", 9)], "counter"),
    _Part("first-report", "The first report ever, nine days before it is due; activated at a counter",
          "USA", "WASHINGTON", "TYRA", "F", date(2000, 2, 29), [_In(-80, "NON-B", 285)], "counter"),
    _Part("passport-lost", "The window is open, but the passport is reported lost",
          "BRA", "SILVA SANTOS", "PEDRO", "M", date(1987, 3, 23), _regular(7), "counter", status="lost"),
    _Part("no-residence-record", "The window is open, and no host has notified the address (TM.30)",
          "PHL", "DELA CRUZ", "MARIA ANGELICA", "F", date(1992, 7, 1), _regular(4, "NON-B"), residence=False),
    _Part("first-extension", "The first extension of stay counted as a report: due in seventy days",
          "AUS", "NGUYEN", "OLIVER", "M", date(1980, 4, 1), [_In(-75, "NON-B", 14), _Extended(-20, 379)]),
]  # fmt: skip


def scenarios(today: date) -> list[Scenario]:
    """The named people as they stand on `today` (Bangkok civil date), in the order of their passport numbers."""
    return [scenario for scenario, _, _ in cast(today)]


def cast(today: date) -> list[tuple[Scenario, Person, History]]:
    """The named people, with the person and the records that go with each."""
    return [_play(part, f"DEMO{serial:05d}", today.toordinal()) for serial, part in enumerate(_CAST, 1)]


def _play(part: _Part, number: str, today: int) -> tuple[Scenario, Person, History]:
    nation = Nation(part.state, "west", "", _NOBODY)
    person = Person(nation, part.surname, part.given_names, part.sex, part.born.toordinal())
    history = History(contact_email=f"{part.key}@example.org")
    for event in part.events:
        _happen(event, history, today)
    first = history.movements[0].day
    passport = Passport(first, number, today + 1500, part.status)
    if part.passport_since is not None:
        before = Passport(first, f"DEMO9{number[5:]}", today + 30, "cancelled")
        history.passports.append(before)
        since = today + part.passport_since
        passport = passport._replace(day=since, replaces=before.number, expires_on=since + 3652)
    history.passports.append(passport)
    if part.residence:
        history.residences.append(Residence(first, _HOME, None, "Landlord"))
    return _scenario(part, person, passport), person, history


def _happen(event: _Event, history: History, today: int) -> None:
    day = today + event.day
    match event:
        case _In():
            arrival = Movement(day, "arrival", "Suvarnabhumi", "", event.visa_class, today + event.until)
            history.movements.append(arrival)
        case _Out():
            history.movements.append(Movement(day, "departure", "Suvarnabhumi"))
        case _Reported():
            history.reports.append(Report(day, event.channel, _HOME.office, today + event.due))
        case _Extended():
            history.permissions.append(Permission(day, "extension", today + event.until))


def _scenario(part: _Part, person: Person, passport: Passport) -> Scenario:
    zone = mrz.build(
        issuing_state=person.nationality,
        document_number=passport.number,
        nationality=person.nationality,
        surname=person.surname,
        given_names=person.given_names,
        birth_date=BirthDate.of(part.born),
        sex=person.sex,
        expires_on=date.fromordinal(passport.expires_on),
    )
    return Scenario(part.key, part.title, passport.number, part.state, part.born, zone, part.assurance)
