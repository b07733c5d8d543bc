"""Parts of the drills: sizes, the table and its exit code, how clients repeat requests, supervised processes."""

import random
import socketserver
import sys
import threading
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import pytest

from drills.calls import Answer, Caller, Failures, NoAnswer, file, file_until_answered
from drills.expected_records import ExpectedRecords
from drills.installation import eventually
from drills.messages import TOO_SOON, FileWatcher, too_soon
from drills.residents import Resident
from drills.rows import Row, exit_code, table
from drills.sizes import Sizes, WrongSize
from drills.supervision import SupervisedProcess

RESIDENT = Resident(uuid.UUID(int=1), lambda: "token")
ACCEPTED = b'{"number": "N-1", "receipt": {"number": "R-1"}}'


def test_sizes_have_defaults_and_a_random_seed():
    sizes = Sizes.of({})
    assert (sizes.kills, sizes.reports, sizes.rounds, sizes.tries, sizes.tampering) == (24, 1_800, 150, 20, 100)
    assert {Sizes.of({}).seed for _ in range(5)} != {sizes.seed}


def test_every_size_and_the_seed_can_be_given():
    given = dict(
        kills=1000, reports=80_000, rounds=10_000, tries=100, tampering=1000, probes=5, guesses=7, marked=9, seed=0
    )
    assert Sizes.of({f"DRILL_{name.upper()}": str(number) for name, number in given.items()}) == Sizes(**given)


@pytest.mark.parametrize("wrong", [{"DRILL_KILLS": "0"}, {"DRILL_ROUNDS": "-1"}, {"DRILL_REPORTS": "23"}])
def test_a_size_that_makes_no_drill_is_refused(wrong):
    with pytest.raises(WrongSize, match=next(iter(wrong))):
        Sizes.of(wrong)


def test_a_repeat_is_too_soon_by_the_moments_at_which_the_providers_file_grew(tmp_path):
    file = tmp_path / "pushed.jsonl"
    watch = FileWatcher(file)
    began = watch.moment(0)
    file.write_text("x" * 10)
    eventually(lambda: watch.moment(10) > began, 5, "the file's growth is seen")
    file.write_text("x" * 20)
    watch.stop()
    assert began < watch.moment(10) < watch.moment(20)
    assert too_soon([10, 20], watch, ahead_from=20) == 1
    assert too_soon([10, 20], watch, ahead_from=10) == 0
    watch._moments[-1] += TOO_SOON
    assert too_soon([10, 20], watch, ahead_from=20) == 0


def rows(*outcomes):
    by_outcome = {
        "kept": Row("one"),
        "BROKEN": Row("two", broken=["nothing is lost"]),
        "NOT RUN": Row("x", not_run="why"),
    }
    return [by_outcome[outcome] for outcome in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [(["kept"], 0), (["kept", "BROKEN"], 1), (["kept", "NOT RUN"], 2), (["NOT RUN", "BROKEN"], 1)],
)
def test_the_exit_code_is_1_for_a_broken_requirement_and_2_for_a_drill_not_run(outcomes, code):
    assert exit_code(rows(*outcomes)) == code


def test_the_table_says_what_broke_and_what_was_not_run():
    text = table(rows("kept", "BROKEN", "NOT RUN"))
    assert "broken: nothing is lost" in text
    assert "not run: why" in text


def test_a_requirement_that_does_not_hold_breaks_its_row():
    row = Row("one")
    row.require("this holds", True)
    assert row.outcome == "kept"
    row.require("this does not", 0)
    assert (row.outcome, row.broken) == ("BROKEN", ["this does not"])


def test_another_final_answer_than_201_is_kept_apart():
    expected = ExpectedRecords()
    expected.add(RESIDENT, "k", 1, Answer(201, {}, ACCEPTED), 0.5)
    expected.add(RESIDENT, "k", 1, Answer(409, {}, b"{}"), 0.5)
    assert [(each.number, each.receipt) for each in expected.entries] == [("N-1", "R-1")]
    assert expected.odd == {"409 {}": 1}


def test_the_latency_of_a_share_is_that_of_the_slowest_in_it():
    expected = ExpectedRecords()
    for seconds in range(100):
        expected.add(RESIDENT, "k", 1, Answer(201, {}, ACCEPTED), seconds)
    assert (expected.latency(0.5), expected.latency(0.99), expected.latency(1)) == (50, 99, 99)


@contextmanager
def server(*answers):
    """An API of which each request gets the next answer: a status with a body, or None for a broken connection."""
    remaining, keys = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            keys.append((self.headers["Idempotency-Key"], self.rfile.read(int(self.headers["Content-Length"]))))
            answer = remaining.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Log nothing."""

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as api:
        api.daemon_threads = True
        threading.Thread(target=api.serve_forever, args=(0.05,), daemon=True).start()
        yield api.server_address[1], keys
        api.shutdown()


def surely(port, failures):
    caller = Caller([port])
    answer, _ = file_until_answered(caller, RESIDENT, "k", 7, chance=random.Random(1), failures=failures, disconnects=0)
    caller.close()
    return answer


def test_a_client_sends_the_same_again_until_the_answer_is_clear():
    failures = Failures()
    away = (503, {"Retry-After": "2"}, b"")
    with server(away, None, (500, {}, b""), (503, {}, b""), (201, {}, ACCEPTED)) as (port, sent):
        assert surely(port, failures).status == 201
    assert len(sent) == 5
    assert len(set(sent)) == 1
    assert failures.seen == {"503": 1, "RemoteDisconnected": 1, "500": 1, "503 without Retry-After": 1}
    assert sorted(failures.wrong) == ["500", "503 without Retry-After"]


def test_a_refusal_is_an_answer():
    with server((409, {}, b"{}")) as (port, sent):
        assert surely(port, Failures()).status == 409
    assert len(sent) == 1


def test_a_closed_port_is_no_answer():
    with server() as (port, _):
        pass
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        file(Caller([port]), RESIDENT, "k")


def test_a_supervised_process_is_started_again_after_a_kill_and_ends_when_asked(tmp_path):
    process = SupervisedProcess([sys.executable, "-c", "import time; time.sleep(60)"], {}, tmp_path / "log")
    try:
        first = process.process.pid
        assert process.kill()
        eventually(lambda: process.process.pid != first, 10, "it is started again")
    finally:
        process.end()
    assert process.process.poll() is not None
    assert not process.kill()
