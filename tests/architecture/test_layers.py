"""What belongs on one floor stays there: transactions at the edge, the time in the clock, the rules by themselves."""

import ast
import re
import sys

import pytest

from tests.architecture.sources import CODE, ROOT, calls, imports, named, python_files, tree

BELOW_THE_EDGE = (
    "immigration/services",
    "immigration/rules",
    "immigration/models",
    "immigration/registries",
    "immigration/events.py",
    "notifications/services",
    "notifications/channels",
    "notifications/models.py",
    "notifications/rules.py",
    "notifications/catalogue.py",
)
OPENS_ITS_OWN = {
    "immigration/services/code_mail.py": "a round: it reads, closes, mails, and settles in a second transaction",
    "immigration/services/keys.py": "the keys are read and made apart from the request that first needs them",
    "immigration/services/obligations.py": "what is out of date is recomputed batch by batch, as it is imported",
    "immigration/services/officers.py": "who is asking is found before the request's own transaction, as with a phone",
    "immigration/services/records.py": "an import commits chunk by chunk, so that a million rows are not held at once",
}
TRANSACTION = re.compile(
    r"(^|\.)(commit|rollback|transaction|read_session|autocommit|read_autocommit|begin|begin_nested)$"
)
OWN_BEGIN = {"tokens.begin"}

TIME = re.compile(
    r"^(datetime|date|datetime\.datetime|datetime\.date)\.(now|utcnow|today)$"
    r"|^time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|sleep|localtime|gmtime)$"
)
READS_THE_TIME = {
    "foundation/clock.py": "the clock",
    "devtools/postgres.py": "waits for a server process to answer; nobody's dates depend on it",
    "tools/check.py": "measures how long the tools take",
    "tools/mutants.py": "measures how long each group takes",
}
SQL_TIME = re.compile(r"\bnow\(\)|\bcurrent_(timestamp|date|time)\b|\b(clock|statement|transaction)_timestamp\(", re.I)
SQL_READS_THE_TIME = {
    "operations/pages.py": "how long an event has waited, for the operators' graphs",
    "foundation/leases.py": "the one clock that workers on several hosts share",
}


def found(places, pattern, allowed, but=frozenset()):
    """Calls that match, in files where they may not stand."""
    return [
        f"{named(path)}:{line} {called}"
        for path in python_files(*places)
        if named(path) not in allowed
        for line, called in calls(path)
        if pattern.search(called) and called not in but
    ]


def test_nothing_below_the_edge_commits_or_opens_a_transaction():
    assert found(BELOW_THE_EDGE, TRANSACTION, OPENS_ITS_OWN, OWN_BEGIN) == []


@pytest.mark.parametrize("name", OPENS_ITS_OWN)
def test_what_opens_transactions_of_its_own_is_given_a_database_to_open_them_on(name):
    path = ROOT / name
    assert any(TRANSACTION.search(called) for _, called in calls(path)), "it no longer needs to be an exception"
    assert "Database" in {arg.annotation.id for arg in annotated_arguments(path)}


def annotated_arguments(path):
    functions = (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef))
    return [arg for each in functions for arg in each.args.args if isinstance(arg.annotation, ast.Name)]


def test_only_the_database_itself_commits():
    assert found(CODE, re.compile(r"\.(commit|rollback)$"), {"foundation/db.py": "the one transaction"}) == []


def test_only_the_clock_reads_the_time():
    assert found(CODE, TIME, READS_THE_TIME) == []


@pytest.mark.parametrize("name", READS_THE_TIME)
def test_what_may_read_the_time_does(name):
    assert any(TIME.search(called) for _, called in calls(ROOT / name)), "it no longer needs to be an exception"


def test_nobody_takes_the_time_out_of_the_module_that_has_it():
    """`from time import sleep` would pass the test above."""
    taken = [
        f"{named(path)}:{node.lineno}"
        for path in python_files(*CODE)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "time"
    ]
    assert taken == []


def test_the_database_is_asked_for_the_time_only_as_a_default_of_a_column():
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


def test_pure_knowledge_imports_the_standard_library_only():
    own = ("immigration.rules", "notifications.catalogue", "notifications.rules")
    stray = [
        f"{named(path)}:{line} {module}"
        for path in python_files("immigration/rules", "notifications/rules.py", "notifications/catalogue.py")
        for line, module in imports(path)
        if not module.startswith(own) and module.split(".")[0] not in sys.stdlib_module_names
    ]
    assert stray == []


def test_the_wings_have_no_door_between_them():
    doors = [
        f"{named(path)}:{line} {module}"
        for wing, other in (("immigration", "notifications"), ("notifications", "immigration"))
        for path in python_files(wing)
        for line, module in imports(path)
        if module.split(".")[0] == other
    ]
    assert doors == []
