"""Mutation tests with mutmut: changes critical code one line at a time and prints the mutants that no test notices.

`python -m tools.mutants [GROUP ...]`; each group has a copy of the project under `var/mutants/`, whose tests run with
fewer examples and share one PostgreSQL. The exit code is 1 if fewer than ENOUGH percent of a group were noticed.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from devtools.postgres import temporary_server

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
COPIES = ROOT / "var" / "mutants"
ENOUGH = 90
NOTICED = ("killed", "timeout", "segfault")
COPIED = ("app.py", "foundation", "immigration", "notifications", "operations", "devtools", "migrations", "docs")
FEWER = ("tests/unit/test_oracle.py", "HISTORIES = 20_000", "HISTORIES = 200")


@dataclass(frozen=True)
class Group:
    """The files to change, the patterns of their functions, and the tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    functions: tuple[str, ...] = ("*",)


GROUPS = {
    "rules": Group(
        ("immigration/rules/*.py",),
        tuple(
            f"tests/unit/test_{name}.py"
            for name in (
                "activation_rules", "addresses", "due_dates", "explanations", "findings", "mrz",
                "mrz_written", "nationalities", "numbers", "oracle", "policy_switches", "report_rules", "rows",
                "stays",
            )
        ),
    ),
    "authorisation": Group(
        (
            "foundation/identity.py", "foundation/http.py", "immigration/rules/access.py",
            "immigration/services/tokens.py",
        ),
        ("tests/unit/test_guard.py", "tests/unit/test_activation_rules.py", "tests/api/test_tokens.py"),
        (
            "foundation.identity.*", "foundation.http.x_principal*", "foundation.http.x_allow*",
            "foundation.http.x__audience*", "foundation.http.x_guard*", "foundation.http.x_refuse_nul*",
            "immigration.rules.access.*", "immigration.services.tokens.*",
        ),
    ),
    "idempotency": Group(
        ("immigration/services/reports.py", "immigration/services/storing.py"),
        ("tests/api/test_filing.py", "tests/integration/test_filing_stored.py"),
        (
            "immigration.services.reports.x_file*", "immigration.services.reports.x_write_up*",
            "immigration.services.reports.x__answer*", "immigration.services.reports.x__filing*",
            "immigration.services.reports.x__owed_after*", "immigration.services.reports.x__receipt*",
            "immigration.services.storing.*",
        ),
    ),
}  # fmt: skip

CONFTEST = '''"""Fewer examples, one PostgreSQL for all runs, and mutants of what runs at import."""

import importlib
import os
import resource
from contextlib import contextmanager
from types import SimpleNamespace

from hypothesis import settings

from devtools import postgres
from immigration.rules import rows

resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))  # a mutant that never ends must not use up the memory
settings.register_profile("mutants", max_examples=10, derandomize=True, deadline=None, database=None)
settings.load_profile("mutants")


@contextmanager
def shared():
    """The PostgreSQL that the runner started."""
    url = os.environ["MUTANTS_DATABASE_URL"]
    yield SimpleNamespace(ensure_database=lambda name: url, url=lambda name: url)


postgres.temporary_server = shared


def pytest_sessionstart():
    """Reload the row readers: they were created at import, before the mutant was chosen."""
    if "immigration.rules.rows." in os.environ.get("MUTANT_UNDER_TEST", ""):
        kinds, bad_row = rows.KINDS, rows.BadRow
        importlib.reload(rows)
        rows.BadRow = bad_row
        kinds.update(rows.KINDS)
'''


def prepare(name: str, group: Group) -> Path:
    """A fresh copy of the project, with mutmut's settings for a group."""
    copy = COPIES / name
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir(parents=True)
    unwanted = shutil.ignore_patterns("__pycache__", ".hypothesis")
    for each in (*COPIED, "tests", "tools", "pyproject.toml"):
        source = ROOT / each
        if source.is_dir():
            shutil.copytree(source, copy / each, ignore=unwanted)
        else:
            shutil.copy(source, copy / each)
    path, many, few = FEWER
    text = (copy / path).read_text("utf-8")
    if many not in text:
        raise RuntimeError(f"{path} has no {many!r}")
    (copy / path).write_text(text.replace(many, few), "utf-8")
    (copy / "conftest.py").write_text(CONFTEST, "utf-8")
    (copy / "setup.cfg").write_text(_settings(group), "utf-8")
    return copy


def _settings(group: Group) -> str:
    listed = {
        "source_paths": sorted({file.split("/")[0] for file in group.files}),
        "only_mutate": group.files,
        "also_copy": (*COPIED, "tools", "conftest.py"),
        "pytest_add_cli_args": ("-q", "-p", "no:cacheprovider"),
        "pytest_add_cli_args_test_selection": group.tests,
        "use_git_change_detection": ["false"],
        "timeout_multiplier": ["8"],
    }
    lines = ["[mutmut]"]
    for key, values in listed.items():
        lines += [f"{key} = {values[0]}"] if len(values) == 1 else [f"{key} =", *(f"    {value}" for value in values)]
    return "\n".join(lines) + "\n"


def mutmut(copy: Path, *arguments: str) -> str:
    """Run mutmut and return its output; the output of `run` goes to standard error instead."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    output = None if arguments[0] == "run" else subprocess.PIPE
    command = [str(PROGRAMS / "mutmut"), *arguments]
    done = subprocess.run(
        command, cwd=copy, env=environment, stdout=output or sys.stderr, text=True, check=output is None
    )
    return done.stdout or ""


def outcomes(copy: Path, group: Group) -> dict[str, str]:
    """The outcome of each mutant of the group's functions."""
    results = re.findall(r"^\s*(\S+__mutmut_\d+): (.+)$", mutmut(copy, "results", "--all", "true"), re.M)
    return {name: outcome for name, outcome in results if any(fnmatch(name, pattern) for pattern in group.functions)}


def run(name: str) -> bool:
    """Run a group and print every mutant that was not noticed. False if there were too many."""
    group, began = GROUPS[name], time.monotonic()
    copy = prepare(name, group)
    wanted = () if group.functions == ("*",) else group.functions
    with temporary_server() as server:
        os.environ["MUTANTS_DATABASE_URL"] = server.ensure_database("tests")
        mutmut(copy, "run", "--max-children", "1", *wanted)
    results = outcomes(copy, group)
    counts = Counter(results.values())
    noticed = sum(counts[outcome] for outcome in NOTICED)
    share = 100 * noticed / max(len(results), 1)
    for mutant, outcome in sorted(results.items()):
        if outcome not in NOTICED:
            print(f"\n{mutant}: {outcome}\n{mutmut(copy, 'show', mutant)}")
    print(f"{name}: {noticed} of {len(results)} noticed ({share:.1f} %), {dict(counts)}", end=" ")
    print(f"in {time.monotonic() - began:.0f} s", flush=True)
    return bool(results) and share >= ENOUGH


def main(*names: str) -> int:
    """Run the groups; 0 if enough mutants were noticed in each."""
    return 0 if all([run(name) for name in names or GROUPS]) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
