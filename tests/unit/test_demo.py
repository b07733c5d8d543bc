"""The demo country: the same every time, in proportion, without loose ends, and right by the rules of reporting."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import pytest

from devtools.demo import Scenario, generate, scenarios
from immigration.registries.addresses import lookup
from immigration.registries.offices import office, office_for
from immigration.rules import mrz
from immigration.rules.birth_dates import BirthDate
from immigration.rules.nationalities import is_known
from immigration.rules.transliteration import transliterate

TODAY = date(2026, 11, 23)
PEOPLE = 3000
KINDS = ("passports", "movements", "permissions", "reports", "residences")
CLASSES = "NON-LA NON-B NON-O NON-OA NON-ED TR DTV PE LTR SMART DIPLOMATIC PR CABINET"
STATES = (
    "not-open open due-today in-grace late re-entered new-passport yearly exempt unclear stay-expired returned-report "
    "abroad leaves-before-due first-report"
)
YEARLY = {"LTR", "SMART"}
EXEMPT = {"DIPLOMATIC", "OFFICIAL", "PR"}
UNCLEAR = {"CABINET"}


def days(count: int) -> timedelta:
    return timedelta(days=count)


def day(text: str) -> date:
    return date.fromisoformat(text)


def read(folder: Path) -> dict[str, list[dict[str, str]]]:
    by_name = {}
    for kind in KINDS:
        with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            by_name[kind] = list(csv.DictReader(file))
    return by_name


def written(folder: Path, people: int, seed: int = 47) -> dict[str, bytes]:
    generate(folder, people, TODAY, seed)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@dataclass
class Life:
    """One person's records, joined over all their passports and followed by the contract's rules, apart from the code
    that made them."""

    today: date
    passports: list[dict[str, str]] = field(default_factory=list)
    rows: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    due: date | None = None
    entered: date | None = None
    until: date = date.min
    visa_class: str = ""
    extended: bool = False
    faults: list[str] = field(default_factory=list)

    def follow(self) -> None:
        events = [(day(row["filed_on"]), 0, "report", row) for row in self.rows["reports"]]
        events += [(day(row["granted_on"]), 1, row["kind"], row) for row in self.rows["permissions"]]
        for row in self.rows["movements"]:
            events.append((day(row["occurred_on"]), 2 if row["direction"] == "departure" else 3, row["direction"], row))
        for on, _, kind, row in sorted(events, key=lambda event: event[:2]):
            if on > self.today or (self.entered is None) != (kind == "arrival"):
                self.faults.append(f"{kind} on {on}")
            getattr(self, kind)(on, row)

    def arrival(self, on: date, row: dict[str, str]) -> None:
        self.entered, self.due, self.extended = on, on + days(89), False
        self.until, self.visa_class = day(row["permitted_until"]), row["visa_class"]

    def departure(self, _: date, __: dict[str, str]) -> None:
        self.entered = self.due = None

    def change(self, on: date, row: dict[str, str]) -> None:
        self.until, self.visa_class = day(row["permitted_until"]), row["visa_class"]
        if not on < self.until:
            self.faults.append(f"change on {on}")

    def extension(self, on: date, row: dict[str, str]) -> None:
        if not on <= self.until:
            self.faults.append(f"extension on {on} after {self.until}")
        self.until = day(row["permitted_until"])
        if not self.extended:
            self.extended, self.due = True, on + days(90)

    def report(self, on: date, row: dict[str, str]) -> None:
        due, channel, following = self.due or date.min, row["channel"], day(row["next_due_on"])
        opens, closes = {"online": (15, 0), "post": (30, -15)}.get(channel, (15, 30))
        if not due - days(opens) <= on <= due + days(closes):
            self.faults.append(f"{channel} report on {on} for {due}")
        if following != (due if channel in {"online", "post"} else on) + days(90):
            self.faults.append(f"{channel} report on {on} for {due} gives {following}")
        self.due = following

    @property
    def regime(self) -> str:
        regimes = {"yearly": YEARLY, "exempt": EXEMPT, "unclear": UNCLEAR}
        return next((name for name, classes in regimes.items() if self.visa_class in classes), "90-day")

    @property
    def in_window(self) -> bool:
        return self.due is not None and self.regime == "90-day" and days(0) <= self.due - self.today <= days(15)

    @property
    def decidable_by_mail(self) -> bool:
        newest = self.passports[-1]
        mine = [row for row in self.rows["reports"] if row["document_number"] == newest["document_number"]]
        sound = newest["status"] == "valid" and day(newest["expires_on"]) >= self.today and self.until >= self.today
        return sound and bool(mine if newest["replaces"] else self.rows["reports"])


def lives(records: dict[str, list[dict[str, str]]], today: date = TODAY) -> dict[tuple[str, str], Life]:
    """Everyone by their newest passport."""
    by_passport: dict[tuple[str, str], Life] = {}
    for row in records["passports"]:
        state, _, number = row["replaces"].partition(":")
        life = by_passport[number, state] if number else Life(today)
        life.passports.append(row)
        by_passport[row["document_number"], row["issuing_state"]] = life
    for kind in KINDS[1:]:
        for row in records[kind]:
            by_passport[row["document_number"], row["issuing_state"]].rows[kind].append(row)
    newest = {(life.passports[-1]["document_number"], life.passports[-1]["issuing_state"]): life
              for life in by_passport.values()}  # fmt: skip
    for life in newest.values():
        life.follow()
    return newest


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country")
    generate(folder, PEOPLE, TODAY)
    return read(folder)


@pytest.fixture(scope="module")
def everyone(records):
    return lives(records)


# The same every time


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    assert written(tmp_path / "once", 200) == written(tmp_path / "again", 200)


def test_another_seed_gives_another_country(tmp_path):
    assert written(tmp_path / "once", 50) != written(tmp_path / "other", 50, seed=48)


def test_a_larger_country_begins_with_the_smaller_one(tmp_path):
    small, large = written(tmp_path / "small", 20), written(tmp_path / "large", 60)
    assert all(large[name].startswith(small[name]) for name in small)


def test_the_summary_counts_what_was_written(tmp_path):
    summary = generate(tmp_path, 100, TODAY)
    assert summary.rows == {kind: len(rows) for kind, rows in read(tmp_path).items()}
    assert summary.people == 100 + len(scenarios(TODAY))
    assert sum(summary.nations.values()) == sum(summary.visa_classes.values()) == sum(summary.troubles.values()) == 100


def test_a_country_of_nobody_has_the_named_people(tmp_path):
    assert generate(tmp_path, 0, TODAY).people == len(scenarios(TODAY))


# No loose ends


@pytest.mark.parametrize(
    ("kind", "key"),
    [("movements", "movement_id"), ("permissions", "permission_id"), ("reports", "receipt_number"),
     ("residences", "residence_id")],
)  # fmt: skip
def test_every_row_has_an_id_of_its_own(records, kind, key):
    ids = [row[key] for row in records[kind]]
    assert len(ids) == len(set(ids))
    assert all(identity.startswith("D-") for identity in ids)


def test_every_document_number_is_unique(records):
    numbers = [row["document_number"] for row in records["passports"]]
    assert len(numbers) == len(set(numbers))


def test_every_row_is_of_a_passport_that_is_on_record(records):
    known = {(row["document_number"], row["issuing_state"]) for row in records["passports"]}
    assert all((row["document_number"], row["issuing_state"]) in known for kind in KINDS[1:] for row in records[kind])


def test_every_code_exists(records):
    assert all(lookup(row["subdistrict_code"]) for row in records["residences"])
    assert all(office(row["office"]) for row in records["reports"])
    assert all(
        is_known(row[column], True) for row in records["passports"] for column in ("issuing_state", "nationality")
    )
    assert {row["direction"] for row in records["movements"]} == {"arrival", "departure"}
    assert {row["kind"] for row in records["permissions"]} == {"extension", "change"}
    assert {row["channel"] for row in records["reports"]} == {"counter", "agent", "post", "online"}
    assert {row["status"] for row in records["passports"]} == {"valid", "expired", "lost", "stolen", "cancelled"}


def test_every_passport_can_be_written_as_a_zone_and_read_again(records):
    for row in records["passports"]:
        zone = mrz.build(
            issuing_state=row["nationality"],
            document_number=row["document_number"],
            nationality=row["nationality"],
            surname=row["surname"],
            given_names=row["given_names"],
            birth_date=BirthDate.of(day(row["birth_date"])),
            sex=row["sex"],
            expires_on=day(row["expires_on"]),
        )
        document = mrz.parse(zone, today=TODAY)
        assert (document.document_number, str(document.birth_date)) == (row["document_number"], row["birth_date"])
        assert transliterate(row["surname"]) == row["surname"]


def test_letters_go_to_example_org_only(records):
    contacts = {row["contact_email"] for row in records["movements"]} - {""}
    assert contacts
    assert all(contact.endswith("@example.org") for contact in contacts)


# By the rules


def test_every_life_follows_the_rules_of_reporting(everyone):
    assert [fault for life in everyone.values() for fault in life.faults] == []


def test_most_people_in_their_window_can_be_decided_from_the_records(everyone):
    waiting = [life for life in everyone.values() if life.in_window]
    assert len(waiting) > PEOPLE * 0.05
    assert 0.85 < sum(life.decidable_by_mail for life in waiting) / len(waiting) < 0.97


def test_there_are_all_kinds_of_trouble_but_not_much_of_it(everyone):
    counts = Counter()
    for life in everyone.values():
        overdue = (TODAY - life.due).days if life.due and life.regime == "90-day" else 0
        counts["no-tm30"] += not life.rows["residences"]
        counts["in-grace"] += 0 < overdue <= 7
        counts["late"] += overdue > 20
        counts["abroad"] += life.entered is None
        counts["stay-expired"] += life.entered is not None and life.until < TODAY
        counts["leaves-before-due"] += life.due is not None and TODAY <= life.until <= life.due
        counts["first-report"] += life.regime == "90-day" and not life.rows["reports"]
        counts["unclear"] += life.regime == "unclear"
        counts["lost"] += life.passports[-1]["status"] in {"lost", "stolen"}
        counts["expired"] += day(life.passports[-1]["expires_on"]) < TODAY
        counts["replaced"] += len(life.passports) > 1
        counts["re-entered"] += sum(row["direction"] == "arrival" for row in life.rows["movements"]) > 1
    del counts["re-entered"], counts["replaced"]
    assert all(3 <= count <= len(everyone) * 0.15 for count in counts.values()), counts
    assert len(counts) == 10


def test_nations_and_visa_classes_are_in_proportion(everyone):
    nations = Counter(state for _, state in everyone)
    classes = Counter(life.visa_class for life in everyone.values())
    assert len(nations) >= 40
    assert nations.most_common(1)[0][0] == "MMR"
    assert 0.15 < nations["MMR"] / len(everyone) < 0.3
    assert 0.2 < classes["NON-LA"] / len(everyone) < 0.4
    assert set(CLASSES.split()) <= set(classes)


def test_people_live_where_foreigners_live(records):
    provinces = Counter(row["subdistrict_code"][:2] for row in records["residences"])
    assert provinces.most_common(1)[0][0] == "10"
    assert all(provinces[code] > len(records["residences"]) * 0.02 for code in ("10", "20", "83", "50", "74"))
    assert {row["office"] for row in records["reports"]} <= {office_for(code).code for code in provinces} | {"BKK"}


# The named people


def named(key: str) -> Scenario:
    return next(scenario for scenario in scenarios(TODAY) if scenario.key == key)


def life_of(key: str, everyone: dict[tuple[str, str], Life]) -> Life:
    scenario = named(key)
    return everyone[scenario.document_number, scenario.issuing_state]


def test_the_named_people_are_in_every_country(everyone):
    expected = STATES.split()
    assert [scenario.key for scenario in scenarios(TODAY)][: len(expected)] == expected
    assert scenarios(TODAY)[0].document_number == "DEMO00001"
    for scenario in scenarios(TODAY):
        passport = life_of(scenario.key, everyone).passports[-1]
        assert passport["birth_date"] == scenario.birth_date.isoformat()


@pytest.mark.parametrize("scenario", scenarios(TODAY), ids=lambda scenario: scenario.key)
def test_the_zone_of_a_named_person_is_that_of_their_passport(scenario):
    document = mrz.parse(scenario.mrz, today=TODAY)
    assert (document.document_number, document.birth_date) == (
        scenario.document_number,
        BirthDate.of(scenario.birth_date),
    )
    assert document.issuing_state == ("D" if scenario.issuing_state == "DEU" else scenario.issuing_state)


@pytest.mark.parametrize(
    ("key", "due_in"),
    [("not-open", 60), ("open", 8), ("due-today", 0), ("in-grace", -2), ("late", -40), ("re-entered", 9),
     ("new-passport", 6), ("stay-expired", 3), ("returned-report", 5), ("leaves-before-due", 9), ("first-report", 9),
     ("passport-lost", 7), ("no-residence-record", 4), ("first-extension", 70)],
)  # fmt: skip
def test_a_named_person_is_due_on_the_day_that_puts_them_in_their_state(key, due_in, everyone):
    life = life_of(key, everyone)
    assert life.due == TODAY + days(due_in)
    assert life.regime == "90-day"
    assert (life.until > life.due) == (key not in {"stay-expired", "leaves-before-due"})


@pytest.mark.parametrize("key", ["yearly", "exempt", "unclear"])
def test_a_named_person_is_under_another_regime(key, everyone):
    assert life_of(key, everyone).regime == key


def test_the_one_abroad_has_left(everyone):
    assert life_of("abroad", everyone).entered is None


def test_the_stay_of_one_is_over_and_of_another_ends_before_the_report(everyone):
    assert life_of("stay-expired", everyone).until < TODAY
    life = life_of("leaves-before-due", everyone)
    assert TODAY < life.until <= life.due


def test_the_new_passport_replaces_a_cancelled_one(everyone):
    old, new = life_of("new-passport", everyone).passports
    assert (old["status"], new["replaces"]) == ("cancelled", f"KOR:{old['document_number']}")
    assert not life_of("new-passport", everyone).decidable_by_mail


@pytest.mark.parametrize("key", ["open", "due-today", "re-entered", "returned-report", "no-residence-record"])
def test_an_ordinary_named_person_can_be_decided_when_activated_by_mail(key, everyone):
    assert named(key).assurance == "mail"
    assert life_of(key, everyone).decidable_by_mail


def test_the_first_report_is_made_with_a_code_from_a_counter(everyone):
    assert named("first-report").assurance == "counter"
    assert life_of("first-report", everyone).rows["reports"] == []


@pytest.mark.parametrize("moment", ["2024-02-29", "2026-12-31", "2027-03-01"])
def test_the_named_people_follow_the_rules_on_any_day(moment, tmp_path):
    generate(tmp_path, 0, day(moment))
    assert [fault for life in lives(read(tmp_path), day(moment)).values() for fault in life.faults] == []
