"""Prints the measures of this project's code beside those of seven other codebases: `python -m tools.code_measures`.

How each figure is counted:

- Product code is every Python file of `PRODUCT` that is not empty: no tests, migrations, benchmarks, drills or tools.
- Module lines: all lines of a file, blank ones and comments included.
- Function lines: from `def` to the last line of the body, docstring included, decorators not; every function and method
  counts, also private ones and those inside others (whose lines count for the outer one, too).
- Docstrings: the share of functions and methods whose name does not begin with `_` that have a docstring. Those inside
  other functions count, too.
- Comments: `#` comments for 100 lines of product code, also those behind code and those for tools (`noqa`). Docstrings
  do not count.
- Tests : source: lines of the Python files below `tests` for each line of product code.

A median of an even number of values is the mean of the middle two. The 90th percentile is the smallest value that is
not exceeded by nine tenths of the values. Figures of the others were measured once, on the product code of their main
branches in November 2026, and are copied here; they are not measured again.
"""

import ast
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("app.py", "foundation", "immigration", "notifications", "operations", "devtools")
TESTS = ("tests",)
HEAD = (
    "codebase",
    "module lines",
    "function lines",
    "public functions with docstring",
    "comments per 100 lines",
    "tests : source",
)
OTHERS = (
    ("this project, November 2026", "100 / 233 / 393", "6 / 18 / 38", "97 %", "1.0", "1.01"),
    ("opensafely-core/airlock", "80 / 574 / 1,488", "9 / 34 / 219", "25 %", "9.5", "2.12"),
    ("alphagov/notifications-api", "79 / 416 / 2,890", "9 / 36 / 319", "7 %", "3.7", "1.92"),
    ("pypi/warehouse", "82 / 416 / 1,586", "8 / 36 / 764", "41 %", "8.7", "2.41"),
    ("polarsource/polar, server", "82 / 417 / 4,216", "10 / 45 / 587", "25 %", "2.8", "1.35"),
    ("litestar-fullstack", "48 / 239 / 626", "14 / 41 / 155", "75 %", "2.3", "1.08"),
    ("procrastinate", "45 / 358 / 1,042", "8 / 32 / 126", "33 %", "4.7", "1.27"),
    ("miguelgrinberg/microblog-api", "63 / 197 / 234", "5 / 14 / 55", "38 %", "3.6", "0.74"),
)


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The figures of one codebase, as the module's docstring says they are counted."""

    modules: list[int]
    functions: list[int]
    public: int
    with_docstring: int
    comments: int
    test_lines: int

    def row(self, name: str) -> tuple[str, ...]:
        """A row of the table."""
        lines = sum(self.modules)
        return (
            name,
            spread(self.modules),
            spread(self.functions),
            f"{100 * self.with_docstring / self.public:.0f} %" if self.public else "-",
            f"{100 * self.comments / lines:.1f}" if lines else "-",
            f"{self.test_lines / lines:.2f}" if lines else "-",
        )


def measure(root: Path) -> Measures:
    """Measure the project below a folder."""
    paths = [path for path in python_files(root, PRODUCT) if path.stat().st_size]
    functions = [function for path in paths for function in functions_of(path)]
    public = [function for function in functions if not function.name.startswith("_")]
    return Measures(
        modules=[line_count(path) for path in paths],
        functions=[(function.end_lineno or 0) - function.lineno + 1 for function in functions],
        public=len(public),
        with_docstring=sum(ast.get_docstring(function) is not None for function in public),
        comments=sum(map(comment_count, paths)),
        test_lines=sum(map(line_count, python_files(root, TESTS))),
    )


def python_files(root: Path, places: Sequence[str]) -> Iterator[Path]:
    """The Python files of these files and folders, those of caches left out."""
    for place in places:
        path = root / place
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        yield from (file for file in files if "__pycache__" not in file.parts)


def functions_of(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def line_count(path: Path) -> int:
    """The lines of a file."""
    return len(path.read_text("utf-8").splitlines())


def comment_count(path: Path) -> int:
    """The `#` comments of a file."""
    with path.open("rb") as file:
        return sum(token.type == tokenize.COMMENT for token in tokenize.tokenize(file.readline))


def spread(values: Sequence[int]) -> str:
    """Median, 90th percentile and largest, or "-" where there are no values."""
    if not values:
        return "-"
    ordered = sorted(values)
    ninetieth = ordered[-(-9 * len(ordered) // 10) - 1]
    return f"{median(ordered):,.0f} / {ninetieth:,} / {ordered[-1]:,}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows below HEAD as a Markdown table."""
    lines = [HEAD, ["---"] * len(HEAD), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(root: Path = ROOT) -> None:
    """Print the table, this project first."""
    print(table([measure(root).row("**this project, now**"), *OTHERS]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
