"""The measures of the code, on a small project whose figures can be counted by hand."""

from pathlib import Path

import pytest

from tools.code_measures import HEAD, OTHERS, main, measure, spread

FILES = {
    "app.py": '"""The application."""\n',
    "foundation/__init__.py": "",
    "foundation/clock.py": '''"""The clock."""


# Only this module reads the time.
def now():
    """The present moment."""
    return 1  # always


def later():
    def _inner():
        return 2

    return _inner()


@property
async def _private():
    text = "# no comment"
    return text
''',
    "immigration/rules/dates.py": '''"""Dates."""


class Dates:
    """A class is no function."""

    def first(self):
        """The first."""

    def __init__(self):
        pass
''',
    "migrations/0001.py": "def upgrade():\n    pass\n",
    "foundation/__pycache__/left.py": "def stray(): pass\n",
    "tests/test_dates.py": "\n" * 11,
    "tests/unit/test_clock.py": "\n" * 4,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def test_each_figure_is_counted_as_the_docstring_says(project: Path) -> None:
    measures = measure(project)
    assert sorted(measures.modules) == [1, 11, 20]
    assert sorted(measures.functions) == [2, 2, 2, 3, 3, 5]
    assert (measures.public, measures.with_docstring) == (3, 2)
    assert measures.comments == 2
    assert measures.test_lines == 15
    assert measures.row("here") == ("here", "11 / 20 / 20", "2 / 5 / 5", "67 %", "6.2", "0.47")


def test_a_project_without_code_has_no_figures(tmp_path: Path) -> None:
    assert measure(tmp_path).row("empty") == ("empty", "-", "-", "-", "-", "-")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], "7 / 7 / 7"),
        ([2, 1], "2 / 2 / 2"),
        (range(1, 11), "6 / 9 / 10"),
        (range(1, 12), "6 / 10 / 11"),
        ([5, 1000, 3], "5 / 1,000 / 1,000"),
    ],
)
def test_the_spread_is_median_ninetieth_percentile_and_largest(values: list[int], expected: str) -> None:
    assert spread(values) == expected


def test_the_table_has_this_project_first_and_a_cell_for_every_figure(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(project)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 1 + len(OTHERS)
    assert lines[2] == "| **this project, now** | 11 / 20 / 20 | 2 / 5 / 5 | 67 % | 6.2 | 0.47 |"
    assert {line.count("|") for line in lines} == {len(HEAD) + 1}
