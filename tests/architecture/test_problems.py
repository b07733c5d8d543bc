"""Every problem has a docstring, which is its title, and a code of its own."""

import inspect
import re

import pytest

from operations import documents

PROBLEMS = documents.our_problems()


def test_no_two_problems_have_one_code():
    codes = [problem.code for problem in PROBLEMS]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_has_a_code_of_its_own_in_kebab_case(problem):
    assert "code" in vars(problem)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", problem.code)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_has_a_title_that_is_a_sentence(problem):
    assert inspect.cleandoc(vars(problem)["__doc__"]).splitlines()[0].endswith(".")


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_is_somebodys_fault(problem):
    assert 400 <= problem.status < 600


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_is_told_as_what_it_is(problem):
    told = problem("what happened", number="A1").as_dict()
    assert told == {
        "type": f"urn:problem:{problem.code}",
        "code": problem.code,
        "title": problem.title(),
        "status": problem.status,
        "detail": "what happened",
        "number": "A1",
    }
