"""A sealed field opens in its row only; fields of earlier releases and secrets are sealed anew while people file."""

import threading

import pytest
from sqlalchemy import select, text

from foundation.sealing import CannotOpen, Keyring, row_name, use_keyring, with_row
from immigration.models.people import Passport, Person
from immigration.models.records import Movement, Residence
from immigration.models.reports import Report
from immigration.services import contacts
from operations import resealing
from tests.conftest import SECRET
from tests.factories import activate, arrived, load, row

NEW = "a-new-secret-of-the-tests-that-is-long-enough"
OTHER = {"document_number": "TEST00002"}


@pytest.fixture
def people(app):
    """Two people on record, both with an address to be reached at."""
    arrived(app)
    load(app, "passports", row("passports", **OTHER))
    load(app, "movements", row("movements", occurred_on="2026-09-01", contact_email="other@example.org", **OTHER))
    load(app, "residences", row("residences"), row("residences", address="9 Silom", **OTHER))
    residents = activate(app), activate(app, "TEST00002")
    for resident, name in zip(residents, ("alix", "other"), strict=True):
        body = {"email": f"{name}@example.com", "phone": "+66 81 234 5678"}
        assert resident.client.patch("/api/v1/me", json=body, headers=resident.headers).status_code == 200
        assert resident.file().status_code == 201
    return residents


COPIES = [
    ("people", "email", Person.email),
    ("people", "phone", Person.phone),
    ("passports", "document_number", Passport.document_number),
    ("movements", "contact_email", Movement.contact_email),
    ("residences", "address", Residence.address),
    ("reports", "address", Report.address),
    ("reports", "contact", Report.contact),
]


@pytest.mark.parametrize(("table", "column", "attribute"), COPIES)
def test_what_is_copied_from_one_row_to_another_does_not_open(people, database, table, column, attribute):
    with database.read_session() as session:
        assert all(session.scalars(select(attribute)))
    with database.transaction() as session:
        source = f"(select {column} from {table} where {column} is not null limit 1)"
        session.execute(text(f"update {table} set {column} = {source}"))
    with database.read_session() as session, pytest.raises(CannotOpen, match=f"^{table}.{column}$"):
        session.scalars(select(attribute)).all()


def test_a_message_is_not_sent_to_an_address_copied_from_another_person(people, database):
    with database.transaction() as session:
        session.execute(text("update people set email = null"))
        source = "(select contact_email from movements order by id desc limit 1)"
        session.execute(text(f"update movements set contact_email = {source}"))
    with database.read_session() as session, pytest.raises(CannotOpen):
        session.execute(contacts.mail_address(people[0].id)).all()


def test_a_subquery_reads_the_row_too(people, database):
    with database.read_session() as session:
        inner = select(with_row(Person.email).label("email")).subquery()
        assert sorted(filter(None, session.scalars(select(inner.c.email)))) == ["alix@example.com", "other@example.com"]


def stored(database, column):
    """The fields of a column as they are stored."""
    with database.read_session() as session:
        return [bytes(each) for each in session.scalars(select(column.raw).where(column.column.is_not(None)))]


def unbind(database):
    """Seal every field to its column only, as an earlier release did."""
    keys = Keyring((SECRET,))
    for each in resealing.sealed_columns():
        with database.transaction() as session:
            kept = session.execute(select(*each.table.primary_key.columns, each.column, each.raw)).all()
            for found in kept:
                if found[-2] is None:
                    continue
                values = {"new": keys.seal(found[-2], each.sealed.column), "old": bytes(found[-1])}
                session.execute(
                    text(f"update {each.table.name} set {each.column.name} = :new where {each.column.name} = :old"),
                    values,
                )
    with database.transaction() as session:
        session.execute(text("delete from key_checks where name = 'sealed-to-rows'"))
    use_keyring(keys)


def test_fields_of_an_earlier_release_open_until_all_are_sealed_anew(people, database):
    unbind(database)
    assert people[0].get("/me/stay").status_code == 200
    old = resealing.count_old(database)
    assert old > 10
    moved = stored(database, next(each for each in resealing.sealed_columns() if each.column.name == "email"))
    seen = []
    assert resealing.reseal(database, seen.append) == sum(seen) == old
    assert resealing.count_old(database) == resealing.reseal(database) == 0
    assert people[0].get("/me/stay").status_code == 200
    with database.transaction() as session:
        session.execute(text("update people set email = :old where email is not null"), {"old": moved[0]})
    with database.read_session() as session, pytest.raises(CannotOpen):
        session.scalars(select(Person.email)).all()


def test_nothing_that_is_sealed_needs_an_earlier_secret_after_it(people, app, database):
    use_keyring(Keyring((NEW, SECRET)))
    resealing.reseal(database)
    only = Keyring((NEW,))
    for each in resealing.sealed_columns():
        names = [each.table.c[name] for name in each.sealed.row]
        with database.read_session() as session:
            rows = session.execute(select(each.raw, *names).where(each.column.is_not(None))).all()
        for sealed, *key in rows:
            assert only.open(bytes(sealed), each.sealed.column, row_name(*key))
    assert people[1].get("/me").status_code == 200


def test_fields_are_sealed_anew_while_people_change_them(people, database):
    use_keyring(Keyring((NEW, SECRET)))
    stop, failures = threading.Event(), []

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            body = {"email": f"alix+{number}@example.com"}
            answer = people[0].client.patch("/api/v1/me", json=body, headers=people[0].headers)
            if answer.status_code != 200 or people[0].get("/me").json["email"] != body["email"]:
                failures.append(answer.get_json())

    changing = threading.Thread(target=change)
    changing.start()
    for _ in range(5):
        resealing.reseal(database)
    stop.set()
    changing.join(10)
    assert failures == []
    resealing.reseal(database)
    assert resealing.count_old(database) == 0


def test_the_command_says_how_many_it_sealed(people, app, database):
    unbind(database)
    count = resealing.count_old(database)
    result = app.test_cli_runner().invoke(args=["secrets", "reseal"])
    assert result.output.splitlines()[-1] == f"sealed {count} anew, 0 left"


def test_a_field_that_does_not_open_is_named_and_keeps_no_other_from_being_sealed(people, app, database):
    unbind(database)
    count = resealing.count_old(database)
    with database.transaction() as session:
        first = session.scalar(text("select min(id) from movements where contact_email is not null"))
        altered = "update movements set contact_email = set_byte(contact_email, 40, 0) || '\\x00' where id = :id"
        session.execute(text(altered), {"id": first})
    result = app.test_cli_runner().invoke(args=["secrets", "reseal"])
    assert (result.exit_code, result.stdout) == (1, f"sealed {count - 1} anew, 1 left\n")
    assert f"movements.contact_email of row {first} does not open" in result.stderr


def test_a_row_that_is_being_changed_is_left_for_the_next_time(people, database):
    unbind(database)
    count = resealing.count_old(database)
    with database.transaction() as session:
        session.execute(text("update residences set subdistrict_code = subdistrict_code"))
        locked = session.scalar(text("select count(address) + count(host) from residences"))
        assert resealing.reseal(database) == count - locked
    assert resealing.reseal(database) == locked
