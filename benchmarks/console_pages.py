"""What officers wait for at the console, at the size of a nation: queue, report, search by name, figures; over HTTP.

Each kind of request is sent as often as each other, mixed, by officers who do not pause: opening a report and searching
write what was looked at. The figures are counted first, which is timed too. BENCH_PEOPLE sets the size.
"""

import json
import time
from collections import defaultdict
from http.client import HTTPConnection
from itertools import chain, cycle
from random import Random
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks import load
from benchmarks.nation import NOW, Nation, application, nation, wanted
from benchmarks.report_path import REQUESTS, ROUNDS
from benchmarks.served import Served, connections_cpu, served
from benchmarks.tables import machine, say, table
from foundation.db import Database
from foundation.identity import Role
from immigration.services import officers
from operations import figures

CONNECTIONS = 4
SAMPLE = 60
"""Requests of each kind whose processor time is measured."""
Request = tuple[str, str, str, Any]
"""As whose officer it is sent, method, path and body."""
SHARES = (0.5, 0.95, 0.99)
BARS = "100/-/300"
PASSWORD = "a-password-of-the-benchmarks"  # noqa: S105 - of made-up officers
STAFF = (18, 4)
"""How many officers of the office where most reports wait, and of the one with the fewest: most names are elsewhere."""


def main(people: int) -> None:
    """Measure and print."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    with nation(people) as data:
        database = data.database()
        application(database)
        seconds = _count(database)
        large, small = _offices(database)
        staff = {large: STAFF[0], small: STAFF[1]}
        _hire(database, staff)
        kinds = _kinds(database, large, small)
        with served(data) as service:
            tokens = {
                office: [_sign_in(service.port, f"{office}-{n}") for n in range(staff[office])] for office in staff
            }
            chief = _sign_in(service.port, "chief")
            load.run(service.port, _mixed(kinds, tokens, chief, REQUESTS // 10), connections=CONNECTIONS)
            for _ in range(ROUNDS):
                _let_search_on(database)
                for kind, latencies in _round(service.port, kinds, tokens, chief).items():
                    ordered = sorted(latencies)
                    found[kind].append([ordered[int(len(ordered) * share)] for share in SHARES])
            used = {}
            for kind, requests in kinds.items():
                _let_search_on(database)
                used[kind] = _used(data, service, requests, tokens, chief)
        data.restore()
        database.close()
    say(f"\nConsole, {people:,} people, {people * 4:,} reports, {CONNECTIONS} connections, {ROUNDS} rounds of")
    say(f"{REQUESTS:,} requests; the figures were counted in {seconds:.0f} s; {machine()}\n")
    rows = [
        [kind, *(f"{median(column):.0f}" for column in zip(*each, strict=True)), BARS, *used[kind]]
        for kind, each in found.items()
    ]
    table(["", "p50 ms", "p95 ms", "p99 ms", "bars ms", "service CPU ms", "PostgreSQL CPU ms"], rows)


def _used(data: Nation, service: Served, kind: list[Request], tokens: dict[str, list[str]], chief: str) -> list[str]:
    """Milliseconds of processor time that a request takes: of the service's processes, and of PostgreSQL's.

    They say more than latencies where other work keeps the processors busy.
    """
    requests = _requests(kind, tokens, chief, SAMPLE)
    before = (service.cpu(), connections_cpu(data.server))
    load.run(service.port, requests, connections=2)
    after = (service.cpu(), connections_cpu(data.server))
    return [f"{(then - now) / len(requests) * 1000:.1f}" for now, then in zip(before, after, strict=True)]


def _count(database: Database) -> float:
    with database.transaction() as session:
        session.execute(text("delete from figure_counts"))
    began = time.perf_counter()
    figures.count_round(database, NOW)
    return time.perf_counter() - began


def _offices(database: Database) -> tuple[str, str]:
    waiting = "select office from reports where status = 'under-review' group by office order by count(*) desc limit 1"
    fewest = "select office from reports group by office order by count(*) limit 1"
    with database.read_session() as session:
        return session.execute(text(waiting)).scalar_one(), session.execute(text(fewest)).scalar_one()


def _hire(database: Database, staff: dict[str, int]) -> None:
    accounts = [(f"{office}-{n}", Role.OFFICER, office) for office, number in staff.items() for n in range(number)]
    with database.transaction() as session:
        known = set(session.scalars(text("select name from officers")))
        for name, role, office in (*accounts, ("chief", Role.SUPERVISOR, "HQ")):
            if name not in known:
                officers.add(session, name, password=PASSWORD, role=role, office=office, actor="bench", now=NOW)


def _kinds(database: Database, large: str, small: str) -> dict[str, list[Request]]:
    """The requests of each kind: as whose officer, method, path and body."""
    rng = Random(1)
    waiting = """select id, number from reports where status = 'under-review' and office = :office order by id"""
    named = """select distinct surname, given_names from passports p join reports r on r.passport_id = p.id
        where surname <> '' and office = :office order by 2, 1 limit 400"""
    with database.read_session() as session:
        reports = session.execute(text(waiting), {"office": large}).all()
        people = [session.execute(text(named), {"office": office}).all() for office in (large, small)]
    names = [f"{row.surname} {row.given_names}" for row in people[0]]
    surnames, rare = ([row.surname for row in each] for each in people)
    for each in (names, surnames, rare):
        rng.shuffle(each)
    far = [row.id for row in reports[len(reports) // 2 :]]
    queue = "/api/v1/review/reports?limit=30"
    return {
        "queue, first page": [(large, "GET", queue, None)],
        "queue, a page far in": [(large, "GET", f"{queue}&cursor={rng.choice(far)}", None) for _ in range(200)],
        "a report": [(large, "GET", f"/api/v1/review/reports/{row.number}", None) for row in rng.sample(reports, 400)],
        "search, whole name": [_search(large, name) for name in names],
        "search, surname": [_search(large, name) for name in surnames],
        "search, surname, small office": [_search(small, name) for name in rare],
        "search, with a slip": [_search(large, _slip(rng, name)) for name in names if len(name) > 8],
        "figures": [("chief", "GET", "/api/v1/console/figures", None)],
        "public page": [("", "GET", "/performance", None)],
    }


def _search(office: str, name: str) -> Request:
    return office, "POST", "/api/v1/review/residents/search-by-name", {"name": name, "purpose": "bench"}


def _slip(rng: Random, name: str) -> str:
    """A name with one letter left out."""
    at = rng.randrange(1, len(name))
    return name[:at] + name[at + 1 :]


def _mixed(kinds: dict[str, Any], tokens: dict[str, list[str]], chief: str, count: int) -> list[bytes]:
    each = [
        _requests(kind, tokens, chief, count // len(kinds) + 1, first=3 * n) for n, kind in enumerate(kinds.values())
    ]
    return list(chain.from_iterable(zip(*each, strict=True)))


def _requests(
    kind: list[Request], tokens: dict[str, list[str]], chief: str, count: int, *, first: int = 0
) -> list[bytes]:
    """Requests by the officers in turn, from the `first` on: who sends two at once has to wait with one of them."""
    turns = {
        office: cycle(held[first % len(held) :] + held[: first % len(held)])
        for office, held in (*tokens.items(), ("chief", [chief]))
    }
    made = []
    for (office, method, path, body), _ in zip(cycle(kind), range(count), strict=False):
        headers = {"Authorization": f"Bearer {next(turns[office])}"} if office else {}
        made.append(load.request(method, path, headers, json.dumps(body).encode() if body else b""))
    return made


def _round(port: int, kinds: dict[str, Any], tokens: dict[str, list[str]], chief: str) -> dict[str, list[float]]:
    result = load.run(port, _mixed(kinds, tokens, chief, REQUESTS), connections=CONNECTIONS)
    if set(result.statuses) != {"200"}:
        raise RuntimeError(f"not every request was answered well: {result.statuses}")
    names, latencies = list(kinds), defaultdict(list)
    for place, latency in result.by_request:
        latencies[names[place % len(names)]].append(latency)
    return latencies


def _let_search_on(database: Database) -> None:
    """Forget whom the throttle would have wait: nobody searches as much as these."""
    with database.transaction() as session:
        session.execute(text("delete from throttles"))


def _sign_in(port: int, name: str) -> str:
    body = json.dumps({"name": name, "password": PASSWORD})
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/api/v1/officers/sessions", body, {"Content-Type": "application/json"})
    token: str = json.load(connection.getresponse())["access_token"]
    connection.close()
    return token


if __name__ == "__main__":
    main(wanted())
