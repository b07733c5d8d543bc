"""Every problem class has a docstring, which is its title, and a unique code."""

import inspect
import re

import pytest

from operations import documents

PROBLEMS = documents.our_problems()


def test_problem_codes_are_unique():
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
def test_a_problem_has_an_error_status(problem):
    assert 400 <= problem.status < 600


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_is_rendered_as_rfc_9457(problem):
    rendered = problem("what happened", number="A1").as_dict()
    assert rendered == {
        "type": f"urn:problem:{problem.code}",
        "code": problem.code,
        "title": problem.title(),
        "status": problem.status,
        "detail": "what happened",
        "number": "A1",
    }
