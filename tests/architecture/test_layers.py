"""Layer rules that import-linter cannot check: transactions are opened at the edge, one module reads the time."""

import ast
import re

import pytest

from tests.architecture.sources import CODE, ROOT, calls, named, python_files, tree

BELOW_THE_EDGE = (
    "immigration/services",
    "immigration/rules",
    "immigration/models",
    "immigration/registries",
    "immigration/events",
    "notifications/services",
    "notifications/channels",
    "notifications/models.py",
    "notifications/rules.py",
    "notifications/catalogue.py",
)
OPENS_ITS_OWN = {
    "immigration/services/code_mail.py": "a round: it reads, closes, mails, and settles in a second transaction",
    "immigration/services/document_indexes.py": "indexes are filled batch by batch, beside the imports that need them",
    "immigration/services/keys.py": "the keys are read and made apart from the request that first needs them",
    "immigration/services/officers.py": "who is asking is found before the request's own transaction, as with a phone",
    "immigration/services/records.py": "an import commits chunk by chunk, so that a million rows are not held at once",
    "immigration/services/refreshing.py": "what is out of date is recomputed batch by batch, as it is imported",
}
TRANSACTION = re.compile(
    r"(^|\.)(commit|rollback|transaction|undone_transaction|read_session|beside_requests)$"
    r"|(^|\.)(autocommit|read_autocommit|begin|begin_nested)$"
)
OWN_BEGIN = {"tokens.begin"}

TIME = re.compile(
    r"^(datetime|date|datetime\.datetime|datetime\.date)\.(now|utcnow|today)$"
    r"|^time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|sleep|localtime|gmtime)$"
)
READS_THE_TIME = {
    "foundation/clock.py": "the clock",
    "devtools/postgres.py": "waits for a server process to answer; no date depends on it",
    "tools/check.py": "measures how long the tools take",
    "tools/mutants.py": "measures how long each group takes",
}
SQL_TIME = re.compile(r"\bnow\(\)|\bcurrent_(timestamp|date|time)\b|\b(clock|statement|transaction)_timestamp\(", re.I)
SQL_READS_THE_TIME = {
    "operations/pages.py": "how long an event has waited, for the operators' graphs",
    "foundation/leases.py": "the one clock that workers on several hosts share",
    "foundation/round_log.py": "as leases; for the operators' graphs",
}


def forbidden_calls(places, pattern, allowed, but=frozenset()):
    """Calls that match a pattern, in files that are not allowed to make them."""
    return [
        f"{named(path)}:{line} {called}"
        for path in python_files(*places)
        if named(path) not in allowed
        for line, called in calls(path)
        if pattern.search(called) and called not in but
    ]


def test_nothing_below_the_edge_commits_or_opens_a_transaction():
    assert forbidden_calls(BELOW_THE_EDGE, TRANSACTION, OPENS_ITS_OWN, OWN_BEGIN) == []


@pytest.mark.parametrize("name", OPENS_ITS_OWN)
def test_a_service_that_opens_transactions_is_given_the_database(name):
    path = ROOT / name
    assert any(TRANSACTION.search(called) for _, called in calls(path)), "it no longer needs to be an exception"
    assert "Database" in {arg.annotation.id for arg in annotated_arguments(path)}


def annotated_arguments(path):
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))
    return [arg for each in functions for arg in each.args.args if isinstance(arg.annotation, ast.Name)]


def test_only_what_is_unique_among_all_people_looks_beyond_one_persons_rows():
    places = {named(path) for path in python_files(*CODE) for _, called in calls(path) if called.endswith("seeing_all")}
    assert places == {
        "immigration/services/ceremonies.py",  # a passkey is registered once
        "notifications/services/devices.py",  # a push address belongs to one device
    }


def test_a_route_reaches_the_database_only_by_the_ways_that_know_who_asks():
    routes = [path for path in python_files(*CODE) if "routes" in named(path)]
    called = {(named(path), called) for path in routes for _, called in calls(path)}
    assert {each for each in called if re.search(r"\bdatabase\b", each[1])} == set()


def test_only_the_database_module_commits():
    assert forbidden_calls(CODE, re.compile(r"\.(commit|rollback)$"), {"foundation/db.py": "the one transaction"}) == []


def test_only_the_clock_module_reads_the_time():
    assert forbidden_calls(CODE, TIME, READS_THE_TIME) == []


@pytest.mark.parametrize("name", READS_THE_TIME)
def test_every_exception_to_that_reads_the_time(name):
    assert any(TIME.search(called) for _, called in calls(ROOT / name)), "it no longer needs to be an exception"


def test_no_module_imports_names_from_time():
    """`from time import sleep` would pass the test above."""
    taken = [
        f"{named(path)}:{node.lineno}"
        for path in python_files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "time"
    ]
    assert taken == []


def test_sql_reads_the_time_only_as_a_column_default():
    asked = [
        f"{named(path)}:{node.lineno}"
        for path in python_files(*CODE)
        if named(path) not in SQL_READS_THE_TIME
        for node in ast.walk(without_defaults(path))
        if is_sql_time(node)
    ]
    assert asked == []


def without_defaults(path):
    """A file's tree without docstrings and server defaults."""

    class Cut(ast.NodeTransformer):
        def visit_keyword(self, node):
            return None if node.arg == "server_default" else self.generic_visit(node)

        def visit_Expr(self, node):
            return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    return Cut().visit(ast.parse(path.read_text("utf-8")))


def is_sql_time(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return SQL_TIME.search(node.value) is not None
    return isinstance(node, ast.Call) and re.fullmatch(
        r"(sa\.|sqlalchemy\.)?func\.(now|current_\w+|\w+_timestamp|localtime\w*)", ast.unparse(node.func)
    )
