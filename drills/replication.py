"""Drill: a commit that was not replicated is not acknowledged, and its key gets one answer afterwards."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import partial

import psycopg

from drills.calls import Answer, Caller, NoAnswer, file, start_threads
from drills.expected_records import ExpectedRecords, compare
from drills.installation import Installation, eventually, installation
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from operations.services import services_of

AT_ONCE = 10  # residents who file at the same moment
BOUND = 8  # seconds
PREPARED = 60  # seconds
_CANCEL = """select count(*) filter (where pg_cancel_backend(pid)) from pg_stat_activity
where wait_event = 'SyncRep' and pid <> pg_backend_pid()"""


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("not replicated")
    first, again, final = Counter[str](), Counter[str](), Counter[str]()
    slowest, expected = 0.0, ExpectedRecords()
    with installation() as system:
        residents = add(system, sizes.tries)
        services_of(system.app).filing.signer.sign_statement({})  # makes its key, as any installation has
        for start in range(0, len(residents), AT_ONCE):
            batch = residents[start : start + AT_ONCE]
            from_outside = start // AT_ONCE % 2 == 0
            with without_its_standby(system.url), cancelling(system.url) if from_outside else nullcontext():
                tries = _all_file(system, batch)
                repeats = _all_file(system, batch)
            first.update(map(_status, tries))
            again.update(map(_status, repeats))
            slowest = max([slowest, *(answer.seconds for answer in [*tries, *repeats] if answer)])
            final.update(_settled(system, batch, expected))
        stored = compare(system, expected)
    row.figure(tries=sizes.tries, first_answer=_figure(first), same_key_meanwhile=_figure(again))
    row.figure(same_key_afterwards=_figure(final), slowest_answer=f"{slowest:.1f} s", doubled=stored.doubled)
    row.require("a commit that is on one machine only is not acknowledged", {*first} == {"503"})
    row.require("nor is it when the same key comes back meanwhile", {*again} == {"503"})
    row.require("afterwards the same key gets one answer, to the byte", final == {"201 twice the same": sizes.tries})
    row.require("one report is stored for each", stored.lost == stored.doubled == 0 and len(expected) == sizes.tries)
    row.require(f"no answer takes longer than {BOUND} s", slowest <= BOUND)
    return row


def _all_file(system: Installation, residents: list[Resident]) -> list[Answer | None]:
    """File for all residents at once; None for no answer."""
    answers: list[Answer | None] = [None] * len(residents)

    def client(number: int) -> None:
        with suppress(NoAnswer):
            answers[number] = file(Caller(system.ports), residents[number], "key")

    for thread in start_threads(len(residents), client):
        thread.join()
    return answers


def _settled(system: Installation, residents: list[Resident], expected: ExpectedRecords) -> Iterator[str]:
    """The answers to the same key, sent twice after the standby is back."""
    for resident, first, second in zip(
        residents, _all_file(system, residents), _all_file(system, residents), strict=True
    ):
        if first is None or second is None:
            yield "no answer"
            continue
        expected.add(resident, "key", 1, first, first.seconds)
        yield f"{first.status} twice the same" if first.body == second.body else "two answers"


def _status(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return str(answer.status) if answer.status != 503 or answer.asks_to_retry else "503 without Retry-After"


@contextmanager
def without_its_standby(url: str) -> Iterator[None]:
    """Every commit in the block waits for a standby that does not exist; returns once the setting is in force."""
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
    """Cancel every commit that waits for the standby, again and again, during the block."""
    over = threading.Event()

    def cancel(_: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.wait(0.1):
                connection.execute(_CANCEL)

    (thread,) = start_threads(1, cancel)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _figure(outcomes: Counter[str]) -> str:
    return "; ".join(f"{outcome}: {count}" for outcome, count in outcomes.most_common())
