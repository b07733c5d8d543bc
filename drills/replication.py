"""A commit that did not reach the second machine is not acknowledged, and its key gets one clear answer afterwards."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import psycopg

from drills.calls import Answer, Caller, NoAnswer, file, together
from drills.installation import Installation, eventually, installation
from drills.ledger import Ledger, compare
from drills.people import Resident, add
from drills.rows import Row
from drills.sizes import Sizes

AT_ONCE = 10  # people who file at the same moment
BOUND = 8  # seconds
PREPARED = 60  # seconds
_CANCEL = """select count(*) filter (where pg_cancel_backend(pid)) from pg_stat_activity
where wait_event = 'SyncRep' and pid <> pg_backend_pid()"""


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("not replicated")
    first, again, final = Counter[str](), Counter[str](), Counter[str]()
    slowest, ledger = 0.0, Ledger()
    with installation() as place:
        people = add(place, sizes.tries)
        for start in range(0, len(people), AT_ONCE):
            few = people[start : start + AT_ONCE]
            from_outside = start // AT_ONCE % 2 == 0
            with without_its_standby(place.url), cancelling(place.url) if from_outside else nullcontext():
                tries = _all_file(place, few)
                repeats = _all_file(place, few)
            first.update(map(_told, tries))
            again.update(map(_told, repeats))
            slowest = max([slowest, *(answer.seconds for answer in [*tries, *repeats] if answer)])
            final.update(_settled(place, few, ledger))
        stored = compare(place, ledger)
    row.figure(tries=sizes.tries, first_answer=_figure(first), same_key_meanwhile=_figure(again))
    row.figure(same_key_afterwards=_figure(final), slowest_answer=f"{slowest:.1f} s", doubled=stored.doubled)
    row.promise("a commit that is on one machine only is not acknowledged", {*first} == {"503"})
    row.promise("nor is it when the same key comes back meanwhile", {*again} == {"503"})
    row.promise("afterwards the same key gets one answer, to the byte", final == {"201 twice the same": sizes.tries})
    row.promise("one report is stored for each", stored.lost == stored.doubled == 0 and len(ledger) == sizes.tries)
    row.promise(f"no answer takes longer than {BOUND} s", slowest <= BOUND)
    return row


def _all_file(place: Installation, people: list[Resident]) -> list[Answer | None]:
    """Everybody files at once; None for no answer."""
    answers: list[Answer | None] = [None] * len(people)

    def client(number: int) -> None:
        with suppress(NoAnswer):
            answers[number] = file(Caller(place.ports), people[number], "key")

    for thread in together(len(people), client):
        thread.join()
    return answers


def _settled(place: Installation, people: list[Resident], ledger: Ledger) -> Iterator[str]:
    """What the same key gets once the standby is back, asked twice."""
    for person, one, two in zip(people, _all_file(place, people), _all_file(place, people), strict=True):
        if one is None or two is None:
            yield "no answer"
            continue
        ledger.write(person, "key", 1, one, one.seconds)
        yield f"{one.status} twice the same" if one.body == two.body else "two answers"


def _told(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return str(answer.status) if answer.status != 503 or answer.asks_to_come_back else "503 without Retry-After"


@contextmanager
def without_its_standby(url: str) -> Iterator[None]:
    """Every commit waits for a standby that there is not, from now on: a server takes a moment to read its settings."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("alter system set synchronous_standby_names = 'gone'")
        connection.execute("select pg_reload_conf()")
        try:
            with cancelling(url):
                eventually(partial(_waits, url), PREPARED, "commits wait for the standby")
            yield
        finally:
            connection.execute("alter system reset synchronous_standby_names")
            connection.execute("select pg_reload_conf()")


def _waits(url: str) -> bool:
    """Whether a commit waited until it was cancelled; the server warns of that."""
    warnings: list[psycopg.errors.Diagnostic] = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.add_notice_handler(warnings.append)
        connection.execute("select pg_logical_emit_message(true, 'drill', 'does this commit wait?')")
    return bool(warnings)


@contextmanager
def cancelling(url: str) -> Iterator[None]:
    """Somebody cancels, again and again, whatever waits for the standby."""
    over = threading.Event()

    def cancel(_: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.wait(0.1):
                connection.execute(_CANCEL)

    (thread,) = together(1, cancel)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _figure(outcomes: Counter[str]) -> str:
    return "; ".join(f"{what}: {count}" for what, count in outcomes.most_common())
