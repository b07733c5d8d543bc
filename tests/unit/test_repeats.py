"""Why a provider got a message again, as the drill says: by what the books have of each try, and nothing else."""

import json

import pytest

from drills.repeats import Cause, Entry, explain, most_by_one_kill, read_taken

FIRST, SECOND = ("a", 1), ("a", 2)
SENT = Entry("w2", "sent")


def why(*taken, ended=(), **entries):
    journal = {FIRST: entries["first"], SECOND: SENT} if "first" in entries else {SECOND: SENT}
    return [each.cause for each in explain(taken, journal, dict.fromkeys(ended, "killed"))]


def test_what_came_once_is_no_repeat():
    assert why(FIRST, ("b", 1), first=Entry("w1", "sent")) == []


@pytest.mark.parametrize("code", ["DEADLINE_EXCEEDED", "UNAVAILABLE", "UNEXPECTED"])
def test_a_worker_that_stored_that_it_had_no_answer_sends_again(code):
    assert why(FIRST, SECOND, first=Entry("w1", code)) == [Cause.NO_ANSWER]


def test_a_worker_that_was_killed_before_it_stored_an_answer_leaves_it_to_another():
    assert why(FIRST, SECOND, first=Entry("w1"), ended=["w1"]) == [Cause.KILLED]


@pytest.mark.parametrize("ended", [[], ["w2"]])
def test_a_worker_that_lived_explains_nothing_by_the_end_of_another(ended):
    assert why(FIRST, SECOND, first=Entry("w1"), ended=ended) == [Cause.NONE]


def test_a_try_that_was_stored_as_sent_explains_no_other():
    assert why(FIRST, SECOND, first=Entry("w1", "sent"), ended=["w1"]) == [Cause.NONE]


def test_the_same_try_twice_is_not_explained():
    assert why(FIRST, FIRST, SECOND, first=Entry("w1"), ended=["w1"]) == [Cause.KILLED, Cause.NONE]


def test_a_try_that_the_books_do_not_have_is_not_explained():
    assert why(FIRST, SECOND, ended=["w1"]) == [Cause.NONE]


def test_a_request_that_is_read_after_its_repeat_has_the_same_reason():
    assert why(SECOND, FIRST, first=Entry("w1"), ended=["w1"]) == [Cause.KILLED]


def test_the_worker_that_repeated_most_is_counted():
    taken = [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("c", 1), ("c", 2)]
    journal = {(of, 1): Entry("w1" if of < "c" else "w2") for of in "abc"} | {
        (of, 2): Entry("w3", "sent") for of in "abc"
    }
    found = explain(taken, journal, {"w1": "killed", "w2": "killed"})
    assert most_by_one_kill(found) == 2
    assert most_by_one_kill([]) == 0


def test_the_file_of_the_stand_in_is_read(tmp_path):
    pushed = tmp_path / "pushed.jsonl"
    assert read_taken(pushed) == []
    lines = [{"status": 200, "headers": {"x-attempt": "d-1.2"}}, {"status": 503, "headers": {"x-attempt": "d-2.1"}}]
    pushed.write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert read_taken(pushed) == [("d-1", 2)]
