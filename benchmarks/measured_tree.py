"""The child process of `processor_time.py`: the application of the checkout in the current directory, measured.

Run as a file with that checkout on PYTHONPATH. It imports `app` from there and otherwise the standard library and the
packages that every checkout has, and uses no name of the project but `app.create_app`: people come in with `flask
records import`, codes with `flask activation issue`, the officer with `flask officers add`, the rest through the API.
Requests and answers are one JSON object a line, on standard input and output.
"""

import csv
import gc
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

READS_EACH = 5
"""Requests of each read for one filing."""
QUEUED = 60
"""Reports under review in the officer's queue, whose first page has 50."""
PASSWORD = "a-long-enough-password"  # noqa: S105 - of a made-up officer
BIRTH_DATE = "1990-01-02"
ARRIVED = "2026-09-04"
"""81 days before the moment that the service starts at: the reporting window is open."""
PERSON = {
    "issuing_state": "FRA",
    "nationality": "FRA",
    "surname": "DURAND",
    "given_names": "ALIX",
    "birth_date": BIRTH_DATE,
    "sex": "F",
    "expires_on": "2035-01-01",
    "status": "valid",
    "replaces": "",
}
MOVEMENT = {
    "issuing_state": "FRA",
    "direction": "arrival",
    "occurred_on": ARRIVED,
    "checkpoint": "Suvarnabhumi",
    "arrival_card": "",
    "visa_class": "NON-O",
    "permitted_until": "2027-08-01",
    "contact_email": "",
}
FORM = {
    "address": {
        "house_number": "1",
        "building": "",
        "moo": "",
        "soi": "Sukhumvit 31",
        "road": "Sukhumvit",
        "subdistrict_code": "103901",
        "postal_code": "10110",
    },
    "phone": "+66 81 234 5678",
    "email": "alix@example.org",
}
Environment = dict[str, Any]


class Measured:
    """The application of a checkout, and the residents who have not filed yet."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._app, self._folder = app, folder
        self._numbers: Iterator[int] = iter(())
        self._keys = itertools.count(1)

    def prepare(self, people: int) -> None:
        """Import so many people, add an officer, and put reports under review into the queue."""
        self._import("passports", [PERSON | {"document_number": number(n)} for n in range(people)])
        movements = [MOVEMENT | {"document_number": number(n), "movement_id": f"M-{n:06}"} for n in range(people)]
        self._import("movements", movements)
        self._command("officers", "add", "bench", "--role", "officer", typed=f"{PASSWORD}\n{PASSWORD}\n")
        self._numbers = iter(range(people))
        for token in self._activate(QUEUED, "mail"):  # a first report then waits for an officer
            report = self._call(self._filing(token), 201)
            if report["status"] != "under-review":
                raise RuntimeError(f"a report is {report['status']} instead of under review: {report['reasons']}")

    def round(self, filings: int) -> dict[str, float]:
        """Seconds of processor time a request, for new residents who file, read and are read about."""
        tokens = self._activate(filings, "counter")
        officer = self._call(request("/officers/sessions", {"name": "bench", "password": PASSWORD}), 201)
        bodies: list[bytes] = []
        figures = {"filing": self._time([self._filing(token) for token in tokens], 201, bodies.append)}
        reports = [json.loads(body)["number"] for body in bodies]
        for name, paths in {
            "stay": ["/me/stay"] * filings,
            "reports": ["/reports"] * filings,
            "receipt": [f"/reports/{report}/receipt" for report in reports],
        }.items():
            reads = [request(path, token=token) for path, token in zip(paths, tokens, strict=True)]
            figures[name] = self._time(again(reads), 200)
        queue = [request("/review/reports", token=officer["access_token"]) for _ in range(filings)]
        figures["queue"] = self._time(again(queue), 200)
        return figures

    def _import(self, kind: str, rows: Sequence[dict[str, str]]) -> None:
        path = self._folder / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        outcome = self._command("records", "import", kind, str(path))
        if f"imported {len(rows)}," not in outcome:
            raise RuntimeError(f"{kind}: {outcome}")

    def _command(self, *arguments: str, typed: str = "") -> str:
        """Run a `flask` command in this process; what it printed."""
        result = self._app.test_cli_runner().invoke(args=list(arguments), input=typed)
        if result.exit_code:
            raise RuntimeError(f"flask {' '.join(arguments)}: {result.output}") from result.exception
        return str(result.output)

    def _activate(self, count: int, assurance: str) -> list[str]:
        """Activate the app of the next residents; their access tokens."""
        bodies = []
        for n in itertools.islice(self._numbers, count):
            options = ("--document", number(n), "--state", "FRA", "--assurance", assurance)
            code = self._command("activation", "issue", *options).split()[-1]
            details = {"document_number": number(n), "issuing_state": "FRA", "birth_date": BIRTH_DATE}
            bodies.append(details | {"activation_code": code})
        # Several at once: every answer to an activation is held back for a fixed time.
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: self._call(request("/activations", body), 201), bodies))
        return [str(answer["access_token"]) for answer in answers]

    def _filing(self, token: str) -> Environment:
        return request("/reports", FORM, token=token, **{"Idempotency-Key": f"bench-{next(self._keys):012}"})

    def _call(self, environment: Environment, status: int) -> Any:
        bodies: list[bytes] = []
        self._time([environment], status, bodies.append)
        return json.loads(bodies[0])

    def _time(
        self, environments: Sequence[Environment], status: int, keep: Callable[[bytes], None] = lambda _: None
    ) -> float:
        """Handle the requests one after the other; seconds of processor time of this process for each."""
        gc.collect()
        began = time.process_time()
        answers = [run_wsgi_app(self._app, environment, buffered=True) for environment in environments]
        taken = time.process_time() - began
        for chunks, answered, _ in answers:
            body = b"".join(chunks)
            if not answered.startswith(str(status)):
                raise RuntimeError(f"{answered} instead of {status}: {body[:300]!r}")
            keep(body)
        return taken / len(environments)


def number(n: int) -> str:
    """The number of a passport."""
    return f"BENCH{n:06}"


def request(path: str, body: Any = None, *, token: str = "", **headers: str) -> Environment:
    """A request below the API's base, as a WSGI server hands it over: POST with a body, GET without."""
    if token:
        headers["Authorization"] = f"Bearer {token}"
    method = "GET" if body is None else "POST"
    return EnvironBuilder(f"/api/v1{path}", method=method, json=body, headers=headers.items()).get_environ()


def again(environments: Sequence[Environment]) -> list[Environment]:
    """Every request READS_EACH times: copies, as handling a request adds to its environment."""
    return [dict(environment) for environment in environments for _ in range(READS_EACH)]


def main(folder: str) -> None:
    """Answer one request a line until standard input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what the application prints must not be read as an answer
    from app import create_app  # noqa: PLC0415 - of the checkout, after standard output is out of its way

    measured = Measured(create_app(), Path(folder))
    for line in sys.stdin:
        asked = json.loads(line)
        figures: dict[str, float] = {}
        if "prepare" in asked:
            measured.prepare(asked["prepare"])
        else:
            figures = measured.round(asked["filings"])
        print(json.dumps(figures), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
