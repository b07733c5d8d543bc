"""Messages that failed for good end where officers see them, who have them tried again; so does the command line."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text, update

from devtools.standins import mailbox
from foundation.config import Settings
from foundation.events import EventRecord
from notifications import rounds
from notifications.channels.mail import CHANNEL as MAIL
from notifications.channels.mail import MailChannel
from notifications.models import Delivery, Notification
from notifications.rules import Outcome
from notifications.services import failures
from notifications.services.notifying import notify
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import arrived, load, officer, query, row
from tests.integration.test_push_rounds import Slow, phone

LIST, RETRY = "/review/messages/failed", "/review/messages/{}/retry"


@pytest.fixture
def person(app):
    """A person in Bangkok with an address that the mail server refuses."""
    arrived(app, contact_email="refused@example.org")
    load(app, "residences", row("residences"))
    return query(app, "select id from people")[0][0]


@pytest.fixture
def failed(app, person):
    """A message that mail could not deliver; its id."""
    tell(app, person, 1)
    with mailbox.start() as post:
        mail(app, post)
    return str(query(app, "select id from deliveries where status = 'failed'")[0][0])


def tell(app, person, number):
    event = EventRecord(id=number, at=NOW, kind="case.answered", subject="C-1", person_id=person, data={})
    with services_of(app).database.transaction() as session:
        notify(session, event)


def mail(app, post, at=NOW):
    services = services_of(app)
    channel = MailChannel(Settings(smtp_url=post.url))
    return rounds.send_round(services.database, channel, at, kind=MAIL, routing=services.routing)


def statuses(app):
    return query(
        app, "select n.status, d.status, d.tries from notifications n join deliveries d on n.id = d.notification_id"
    )


def test_what_failed_for_good_is_listed_with_why_and_tried_again(app, failed):
    supervisor = officer(app, "sam", role="supervisor")
    (item,) = supervisor.get(LIST).json["items"]
    assert (item["id"], item["kind"], item["channel"]) == (failed, "case.answered", "mail")
    assert (item["error"], item["why"]) == ("SMTP 550", "refused")
    assert timedelta() <= datetime.fromisoformat(item["failed_at"]) - NOW < timedelta(minutes=1)
    assert supervisor.get(LIST + "?channel=push").json["items"] == []
    assert supervisor.post(RETRY.format(failed)).status_code == 200
    assert statuses(app) == [("pending", "pending", 0)]
    assert supervisor.post(RETRY.format(failed)).status_code == 200
    assert supervisor.get(LIST).json["items"] == []
    query_events = query(app, "select kind, subject, actor from events where kind = 'message.retried'")
    assert [(kind, subject) for kind, subject, _ in query_events] == [("message.retried", failed)]
    with services_of(app).database.transaction() as session:
        session.execute(text("update movements set contact_email = null"))
    load(app, "movements", row("movements", contact_email="anna@example.org"))
    with mailbox.start() as post:
        assert mail(app, post, NOW + timedelta(minutes=1)) == 1
    assert statuses(app) == [("sent", "sent", 1)]
    assert supervisor.post(RETRY.format(failed)).json["code"] == "cannot-retry"


def test_only_supervisors_of_the_offices_see_it(app, failed):
    far, near = officer(app, "far", "supervisor", "CMI"), officer(app, "near", "supervisor", "BKK")
    assert far.get(LIST).json["items"] == []
    assert far.post(RETRY.format(failed)).status_code == 404
    assert len(near.get(LIST).json["items"]) == 1
    assert officer(app, "olaf").get(LIST).status_code == 403
    assert officer(app, "olga").post(RETRY.format(failed)).status_code == 403
    assert app.test_client().get("/api/v1" + LIST).status_code == 401


@pytest.mark.parametrize("wrong", ["?channel=pigeon", "?cursor=x", "?limit=0", "?limit=101", "?more=1"])
def test_wrong_questions_are_refused(app, wrong):
    assert officer(app, "sam", role="supervisor").get(LIST + wrong).status_code == 422


def test_what_is_not_needed_any_more_is_not_tried_again(app, failed):
    with services_of(app).database.transaction() as session:
        session.execute(update(Notification).values(status="stale"))
    supervisor = officer(app, "sam", role="supervisor")
    assert supervisor.get(LIST).json["items"] == []
    assert supervisor.post(RETRY.format(failed)).status_code == 409
    assert supervisor.post(RETRY.format(uuid.UUID(int=5))).status_code == 404
    assert supervisor.post(RETRY.format("x")).status_code == 404


def test_a_phone_that_is_gone_is_not_listed_and_what_failed_on_a_live_one_is(app, database, person):
    phone(database, person, at=NOW)
    tell(app, person, 1)
    rounds.send_round(database, Slow(database, Outcome.FAILED), NOW)
    with database.read_session() as session:
        assert len(failures.failed(session).items) == 1
    with database.transaction() as session:
        session.execute(update(Delivery).values(error="UNREGISTERED"))
    with database.read_session() as session:
        assert len(failures.failed(session).items) == 0


def test_pages_have_no_gaps_and_no_repeats(app, person):
    for number in range(7):
        tell(app, person, number)
    with mailbox.start() as post:
        mail(app, post)
    supervisor = officer(app, "sam", role="supervisor")
    seen, cursor = [], ""
    while cursor is not None:
        page = supervisor.get(f"{LIST}?limit=3{cursor and '&cursor=' + cursor}").json
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 7


def test_two_officers_at_once_have_it_tried_again_once(app, failed):
    staff = [officer(app, f"s{number}", role="supervisor") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda who: who.post(RETRY.format(failed)).status_code, staff))
    assert codes == [200] * 4
    assert query(app, "select count(*) from events where kind = 'message.retried'") == [(1,)]


def test_the_command_line_lists_and_retries(app, failed):
    def flask(*arguments):
        return app.test_cli_runner().invoke(args=["messages", *arguments]).output

    listed = flask("failed").splitlines()
    assert [re.sub(":[0-9]{2}[+]", ":..+", line) for line in listed] == [
        f"{failed} case.answered mail SMTP 550 2026-11-23T10:00:..+07:00",
        "failed 1",
    ]
    assert flask("retry", "--channel", "push") == "retried 0\n"
    assert flask("retry", str(uuid.UUID(int=3))) == "retried 0\n"
    assert flask("retry") == "retried 1\n"
    assert flask("failed") == "failed 0\n"
    assert statuses(app) == [("pending", "pending", 0)]
