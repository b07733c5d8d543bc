"""What a provider got again, and why: each request says of which delivery it is and which try, and so do the books.

A trigger notes, in the transactions of the service itself, which worker claimed each try and what became of it. So the
reason of a repeat is known for each, and does not follow from what happened near it: the worker stored that it had no
answer, or it was ended before it stored one.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psycopg

from notifications.channels.fcm import ATTEMPT
from notifications.rules import DeliveryStatus

_JOURNAL = (
    "create table drill_tries (delivery_id uuid, attempt int, worker text, result text)",
    """create function note_try() returns trigger language plpgsql security definer as $$ begin
        if new.tries > old.tries then
            insert into drill_tries values (new.id, new.tries, current_setting('application_name'), null);
        elsif (new.status, new.error, new.next_try_at) is distinct from (old.status, old.error, old.next_try_at) then
            insert into drill_tries values (new.id, new.tries, current_setting('application_name'),
                case when new.status = 'sent' then new.status else coalesce(new.error, new.status) end);
        end if;
        return null;
    end $$""",
    "create trigger note_try after update on deliveries for each row execute function note_try()",
)
Key = tuple[str, int]
"""A delivery and the number of a try."""


class Cause(StrEnum):
    """Why a provider got a message again."""

    NO_ANSWER = "no answer"
    KILLED = "a worker was killed"
    NONE = "unexplained"


@dataclass(frozen=True)
class Entry:
    """What the books say of a try: which worker claimed it, and what it stored of it, if anything."""

    worker: str
    result: str | None = None


@dataclass(frozen=True)
class Repeat:
    """A try that the provider took although another one of the same message counts, and why there were both."""

    key: Key
    cause: Cause
    worker: str | None
    said: str


def keep_journal(connection: "psycopg.Connection[Any]") -> None:
    """Have every try noted from now on."""
    for statement in _JOURNAL:
        connection.execute(statement)


def read_journal(connection: "psycopg.Connection[Any]") -> dict[Key, Entry]:
    """What the books say of each try."""
    found: dict[Key, Entry] = {}
    rows = connection.execute("select delivery_id::text, attempt, worker, result from drill_tries order by ctid")
    for delivery, attempt, worker, result in rows:
        before = found.get((delivery, attempt))
        found[delivery, attempt] = Entry(before.worker if before else worker, result)
    return found


def read_taken(pushed: Path) -> list[Key]:
    """The tries that the stand-in took, whether their answers arrived or not, in their order."""
    lines = pushed.read_text("utf-8").splitlines() if pushed.exists() else []
    attempts = (json.loads(line) for line in lines)
    return [key_of(each["headers"][ATTEMPT.lower()]) for each in attempts if each["status"] == 200]


def key_of(header: str) -> Key:
    """The delivery and the number of the try that a request says."""
    delivery, _, attempt = header.rpartition(".")
    return delivery, int(attempt)


def explain(taken: Iterable[Key], journal: Mapping[Key, Entry], ended: Mapping[str, str]) -> list[Repeat]:
    """Why messages came again: one entry for each time that a message came more than once.

    `ended` are the workers that were ended, and how.
    """
    of_delivery: dict[str, list[Key]] = defaultdict(list)
    for key in taken:
        of_delivery[key[0]].append(key)
    repeats: list[Repeat] = []
    for keys in of_delivery.values():
        if len(keys) == 1:
            continue
        counts = next((key for key in reversed(keys) if _is_sent(journal.get(key))), keys[-1])
        keys.remove(counts)
        repeats += [_explained(key, journal.get(key), ended, again=key in keys[:at]) for at, key in enumerate(keys)]
    return repeats


def most_by_one_kill(repeats: Iterable[Repeat]) -> int:
    """How many messages came again because of the one worker that repeated most when it was killed."""
    by_worker = Counter(each.worker for each in repeats if each.cause is Cause.KILLED)
    return max(by_worker.values(), default=0)


def _is_sent(entry: Entry | None) -> bool:
    return entry is not None and entry.result == DeliveryStatus.SENT


def _explained(key: Key, entry: Entry | None, ended: Mapping[str, str], *, again: bool) -> Repeat:
    """Why the try of that key does not count. The same try twice, or one that the books do not have, has no reason."""
    if entry is None or again or _is_sent(entry):
        return Repeat(
            key, Cause.NONE, entry.worker if entry else None, "sent twice by one try" if entry else "not in the books"
        )
    if entry.result is not None:
        return Repeat(key, Cause.NO_ANSWER, entry.worker, entry.result)
    if entry.worker in ended:
        return Repeat(key, Cause.KILLED, entry.worker, ended[entry.worker])
    return Repeat(key, Cause.NONE, entry.worker, "its worker lived and stored nothing")
