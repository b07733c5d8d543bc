"""Daily planning: the reminders that begin on a day, for nations of several sizes whose earlier reminders were planned.

They are listed in one transaction, and planned from the list in batches, so that the first can leave while the others
are planned. The cost of a reminder should not grow with the nation. BENCH_PEOPLE is the largest size. Of a nation only
the tables are made that planning reads, with one report a person.
"""

from datetime import timedelta
from statistics import median
from time import perf_counter

from sqlalchemy import text

from benchmarks.copies import PLANNED_FROM
from benchmarks.nation import NOW, alone, application, nation, wanted
from benchmarks.report_path import ROUNDS
from benchmarks.tables import machine, say, table
from foundation.db import Database
from notifications import rounds
from operations.services import services_of

SIZES = (40_000, 400_000, 4_000_000)
BAR = 700
FLAT = 1.2


def main(largest: int) -> None:
    """Measure and print."""
    figures = [(people, *_measure(people)) for people in SIZES if people <= largest]
    say(f"\nDaily planning, median of {ROUNDS} rounds; {machine()}")
    say(f"Bars: {BAR} ms at 4,000,000 people; cost of a reminder flat within {FLAT - 1:.0%}\n")
    rows = [
        [f"{people:,}", f"{due:,}", *(f"{s * 1000:,.0f}" for s in (listed, first, day)), f"{day / due * 1e6:.1f}"]
        + [f"{s * 1000:,.0f}" for s in rest]
        for people, due, listed, first, day, *rest in figures
    ]
    head = ["people", "begin that day", "listed in ms", "first batch after ms", "all planned in ms", "µs each"]
    table([*head, "nothing new, ms", "everything anew, ms"], rows)


def _measure(people: int) -> tuple[int, float, float, float, float, float]:
    """How many reminders a day has, and the seconds of a round.

    Until they are listed, until the first batch and until all are planned; of a round with nothing new; and of
    comparing everything with what was planned.
    """
    with nation(people, only=PLANNED_FROM) as data:
        database = data.database()
        due_today = services_of(application(database)).due_today
        with database.engine.begin() as connection:
            connection.execute(text("truncate notifications cascade"))
        rounds.plan_round(database, due_today, NOW - timedelta(days=1))
        alone(database, "vacuum analyze notifications, deliveries")
        due, taken = 0, []
        for _ in range(ROUNDS):
            moments = [perf_counter()]
            due = rounds.begin_round(database, due_today, NOW, lambda _session: moments.append(perf_counter()))  # noqa: B023
            began, listed, first, *_ = moments
            planned = perf_counter()
            rounds.begin_round(database, due_today, NOW)
            again = perf_counter()
            rounds.plan_round(database, due_today, NOW)
            parts = (listed - began, first - began, planned - began, again - planned, perf_counter() - again)
            taken.append(parts)
            _forget(database)
        database.close()
        return due, *(median(each) for each in zip(*taken, strict=True))


def _forget(database: Database) -> None:
    """Take the day's reminders back, and bring back what they replaced."""
    with database.engine.begin() as connection:
        of_today = "notification_id in (select id from notifications where created_at = :now)"
        connection.execute(text(f"delete from deliveries where {of_today}"), {"now": NOW})
        connection.execute(text("delete from notifications where created_at = :now"), {"now": NOW})
        connection.execute(text("update notifications set status = 'pending', settled_at = null"))
        connection.execute(text("update deliveries set status = 'pending' where status = 'dropped'"))
        connection.execute(text("truncate planning_days, reminders_to_plan"))
    alone(database, "vacuum analyze notifications, deliveries")


if __name__ == "__main__":
    main(wanted())
