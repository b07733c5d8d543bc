"""Drill: two requests at the same moment, from two phones, two officers or two workers, or the same one twice."""

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from drills.calls import Answer, Caller, NoAnswer, file
from drills.installation import Installation, installation
from drills.residents import Resident, add
from drills.rows import Row
from drills.sizes import Sizes
from drills.staff import add_officer
from drills.supervision import ROOT
from foundation.clock import BANGKOK, bangkok_date, rfc3339, system_clock

VERDICTS: tuple[dict[str, Any], ...] = (
    {"outcome": "accepted", "note": "Passport seen."},
    {"outcome": "rejected", "reasons": ["other"], "note": "Not the same person."},
)
REMINDED = 200  # residents whom two workers plan for at once
STEPS = (0, 4, 9, 10)
ALL_REMINDED = time(10, 45)  # in Bangkok: by then the reminders of a day have gone out
"""Days from today on which another step of the reminder ladder stands for a resident who arrived 79 days ago."""
_REPORTS = text("select count(*) from reports")
_REMINDERS = text(
    """select count(*), count(distinct (person_id, dedupe)) from notifications
    where kind like 'reminder%' and person_id = any(:people)"""
)


def run(sizes: Sizes) -> Row:
    """The drill: a row."""
    row = Row("two at once")
    row.figure(rounds_each=sizes.rounds)
    with installation() as system:
        with Pair(system) as pair:
            _two_devices(row, system, pair, sizes.rounds)
            _same_key(row, system, pair, sizes.rounds)
            _two_officers(row, system, pair, sizes.rounds)
        _two_planners(row, system, timeout=120 + sizes.rounds / 10)
    return row


class Pair:
    """Two clients that call at the same moment, round after round."""

    def __init__(self, system: Installation) -> None:
        self._callers = Caller(system.ports), Caller(system.ports)
        self._start, self._end = threading.Barrier(3), threading.Barrier(3)
        self._calls: Sequence[Callable[[Caller], Answer]] = ()
        self._answers: list[Answer | None] = [None, None]
        self._over = False
        self._threads = [threading.Thread(target=self._work, args=(which,), daemon=True) for which in (0, 1)]

    def __enter__(self) -> "Pair":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._start.wait()
        for thread in self._threads:
            thread.join()

    def call(self, *calls: Callable[[Caller], Answer]) -> list[Answer | None]:
        """Both calls at once; None for one without an answer."""
        self._calls = calls
        self._start.wait()
        self._end.wait()
        return [*self._answers]

    def _work(self, which: int) -> None:
        while True:
            self._start.wait()
            if self._over:
                return
            try:
                self._answers[which] = self._calls[which](self._callers[which])
            except NoAnswer:
                self._answers[which] = None
            self._end.wait()


def _outcome(answers: Sequence[Answer | None]) -> str:
    """Statuses and problem codes of a pair of answers, in a fixed order."""
    return " + ".join(sorted(_status(answer) for answer in answers))


def _status(answer: Answer | None) -> str:
    if answer is None:
        return "no answer"
    return f"{answer.status} {answer.json['code']}" if answer.status >= 400 else str(answer.status)


def _two_devices(row: Row, system: Installation, pair: Pair, rounds: int) -> None:
    """Two phones of one person file for the same period, under keys of their own."""
    outcomes: Counter[str] = Counter()
    for who in add(system, rounds):
        answers = pair.call(*(partial(file, resident=who, key=key) for key in ("one", "other")))
        outcomes[_outcome(answers)] += 1
    with system.database.read_session() as session:
        stored = session.scalar(_REPORTS)
    row.figure(two_devices=_figure(outcomes))
    row.require(
        "of two devices one is answered 201, the other 409 already-reported",
        outcomes == {"201 + 409 already-reported": rounds},
    )
    row.require("of two devices one report is stored", stored == rounds)


def _same_key(row: Row, system: Installation, pair: Pair, rounds: int) -> None:
    """The same request is sent twice."""
    outcomes: Counter[str] = Counter()
    for who in add(system, rounds):
        answers = pair.call(*[partial(file, resident=who, key="same")] * 2)
        same = len({answer.body for answer in answers if answer}) == 1
        outcomes[_outcome(answers) + ("" if same else " with different bodies")] += 1
    row.figure(same_key=_figure(outcomes))
    row.require("one request twice is answered twice with the same bytes", outcomes == {"201 + 201": rounds})


def _two_officers(row: Row, system: Installation, pair: Pair, rounds: int) -> None:
    """Two officers decide the same report."""
    caller, outcomes = Caller(system.ports), Counter[str]()
    tokens = [add_officer(system, name) for name in ("somchai", "malee")]
    for who in add(system, rounds, assurance="mail"):
        number = file(caller, who, "key").json["number"]
        path = f"/review/reports/{number}/decision"
        decide = [partial(_decide, path=path, verdict=v, token=t) for v, t in zip(VERDICTS, tokens, strict=True)]
        outcomes[_outcome(pair.call(*decide))] += 1
    row.figure(two_officers=_figure(outcomes))
    row.require(
        "of two officers one decides, the other gets 409 cannot-decide",
        outcomes == {"200 + 409 cannot-decide": rounds},
    )
    with system.database.read_session() as session:
        decided = session.scalar(text("select count(*) from decisions where decided_by like '%officer:%'"))
    row.require("of two officers one decision is written", decided == rounds)


def _decide(caller: Caller, path: str, verdict: dict[str, Any], token: str) -> Answer:
    return caller.ask("POST", path, verdict, token=token)


def _two_planners(row: Row, system: Installation, timeout: float) -> None:
    """Two workers plan and send the same reminder steps of the same residents."""
    residents = add(system, REMINDED, reminded=False)
    for days in STEPS:
        day = bangkok_date(system_clock()) + timedelta(days=days)
        moment = rfc3339(datetime.combine(day, ALL_REMINDED, BANGKOK))
        command = [sys.executable, "-m", "flask", "--app", "app", "worker", "--once", "--at", moment]
        with open(system.folder / "worker.log", "ab") as log:
            workers = [
                subprocess.Popen(command, cwd=ROOT, env=system.environment, stdout=log, stderr=log) for _ in range(2)
            ]
        row.require("a worker beside another one ends well", all(_ends_well(each, timeout) for each in workers))
    sends = _sends(system, residents)
    with system.database.read_session() as session:
        planned, distinct = session.execute(_REMINDERS, {"people": [each.id for each in residents]}).one()
    expected = len(residents) * len(STEPS)
    twice = sum(count > 1 for count in sends.values())
    row.figure(reminders=planned, planned_twice=planned - distinct, sent=len(sends), sent_twice=twice)
    row.require(f"{expected} reminders are planned, each once", planned == distinct == expected)
    row.require("each reminder is sent once", len(sends) == expected and not twice)


def _ends_well(worker: subprocess.Popen[bytes], timeout: float) -> bool:
    try:
        return worker.wait(timeout) == 0
    except subprocess.TimeoutExpired:
        worker.kill()
        return False


def _sends(system: Installation, residents: list[Resident]) -> Counter[tuple[str, str]]:
    """How often the provider got each message to the phones of these residents."""
    phones, sends = {each.target for each in residents}, Counter[tuple[str, str]]()
    with system.pushed.open(encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)["message"]
            if message["fid"] in phones:
                sends[message["fid"], message["data"]["notification_id"]] += 1
    return sends


def _figure(outcomes: Counter[str]) -> str:
    return "; ".join(f"{outcome}: {count}" for outcome, count in outcomes.most_common())
