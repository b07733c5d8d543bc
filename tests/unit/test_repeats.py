"""Why a provider got a message again, as the drill tells: nothing is explained by a kill that was not near."""

import json
import math

import pytest

from drills.faults import Faults
from drills.repeats import LATE, ON_ITS_WAY, STORED_WITHIN, Cause, Try, causes, in_hand, read

AT = 1000.0
AGAIN = Try(AT + 200, AT + 200.1)
ANSWERED = Try(AT, AT + 0.1)


def why(before, *, kills=(), away=()):
    (cause,) = causes({"a": [before, AGAIN]}, kills=[(at, at) for at in kills], away=away)
    return cause


@pytest.mark.parametrize("answered", [None, AT + LATE, AT + LATE + 3])
def test_what_had_no_answer_in_time_is_sent_again(answered):
    assert why(Try(AT, answered)) is Cause.NO_ANSWER


def test_an_answered_message_that_comes_again_is_not_explained():
    assert why(ANSWERED) is Cause.NONE


@pytest.mark.parametrize(
    ("kill", "cause"),
    [
        (AT - ON_ITS_WAY - 0.01, Cause.NONE),
        (AT - ON_ITS_WAY, Cause.KILLED),
        (AT + 0.1 + STORED_WITHIN, Cause.KILLED),
        (AT + 0.2 + STORED_WITHIN, Cause.NONE),
        (AT + 100, Cause.NONE),
    ],
)
def test_a_kill_explains_only_what_was_in_hand_then(kill, cause):
    assert why(ANSWERED, kills=[kill]) is cause


def test_answers_are_in_hand_until_the_database_is_back():
    away = [(AT + 0.5, AT + 20)]
    assert why(ANSWERED, kills=[AT + 20 + STORED_WITHIN], away=away) is Cause.KILLED
    assert why(ANSWERED, kills=[AT + 21 + STORED_WITHIN], away=away) is Cause.NONE
    assert why(ANSWERED, kills=[AT + 20], away=[(AT + 10, AT + 20)]) is Cause.NONE
    assert why(ANSWERED, away=away) is Cause.NONE


def test_the_bound_counts_what_was_in_hand():
    tries = {"a": [ANSWERED], "b": [Try(AT + 50, AT + 50.1)], "c": [Try(AT, None)]}
    assert in_hand(tries, kills=[(AT + 0.05, AT + 0.05)], away=()) == 1
    assert in_hand(tries, kills=(), away=()) == 0


def test_the_files_of_the_stand_in_are_read(tmp_path):
    pushed = tmp_path / "pushed.jsonl"
    message = {"data": {"notification_id": "n"}}
    sent = [{"status": 200, "target": "p", "message": message, "name": name, "at": AT} for name in "xy"]
    refused = {"status": 503, "target": "p", "message": message, "name": "z", "at": AT}
    pushed.write_text("".join(json.dumps(each) + "\n" for each in [*sent, refused]))
    assert read(pushed) == {("p", "n"): [Try(AT, None)] * 2}
    pushed.with_suffix(".answers").write_text('{"name": "y", "answered": 1001.5}\n')
    assert read(pushed) == {("p", "n"): [Try(AT, None), Try(AT, AT + 1.5)]}


def test_the_database_is_away_until_a_message_is_written_a_second_later():
    faults = Faults(None, None, None, away=[(AT, math.inf), (AT - 50, AT - 40)])
    faults.written(AT + 0.5)
    assert faults.away[0] == (AT, math.inf)
    faults.written(AT + 2)
    faults.written(AT + 9)
    assert faults.away == [(AT, AT + 2), (AT - 50, AT - 40)]
