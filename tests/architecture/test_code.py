"""Limits of file and function length, docstrings, and no names of registries or of paths on one machine."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import CODE, ROOT, files, named, python_files, tree

LONGEST_FILE = 400
LONGEST_FUNCTION = 40
DRAFTED = "migrations/versions"  # written by Alembic table by table, read once
# A letter in brackets keeps a pattern from matching itself.
HOSTS = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|registry\.yarnpkg|artif[a]ctory|proxy\.golang\.org"
    r"|--(?:extra-)?index-url|--trusted-h[o]st",
    re.I,
)
HOMES = re.compile(r"(?<![\w.~-])/(?:home|Users|root)/\w")


def test_no_file_is_longer_than_400_lines():
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in python_files()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_40_lines():
    long = {
        f"{named(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in python_files()
        if not named(path).startswith(DRAFTED)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= LONGEST_FUNCTION
    }
    assert long == {}


def test_every_module_has_a_docstring():
    missing = [
        named(path) for path in python_files() if path.read_text("utf-8").strip() and not ast.get_docstring(tree(path))
    ]
    assert missing == []


def test_every_public_function_and_class_has_a_docstring():
    missing = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in python_files(*CODE)
        for node in public(tree(path))
        if not ast.get_docstring(node)
    ]
    assert missing == []


def public(node):
    """The public classes and functions of a module or class, without those inside functions."""
    for each in ast.iter_child_nodes(node):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not each.name.startswith("_"):
            yield each
            if isinstance(each, ast.ClassDef):
                yield from public(each)


@pytest.fixture(scope="module")
def texts():
    """Every text file of the project, by name."""
    contents = {}
    for path in files():
        try:
            contents[named(path)] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return contents


def lines_with(texts, wrong):
    return [
        f"{name}:{number} {match.group()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := wrong.search(line))
    ]


def test_no_file_names_a_package_registry(texts):
    """Where packages come from is a setting of the machine that installs them."""
    assert lines_with(texts, HOSTS) == []


def test_no_file_names_a_path_of_the_machine_it_was_written_on(texts):
    own = "|".join(re.escape(f"{path}/") for path in (ROOT, Path.home()))
    assert lines_with(texts, re.compile(f"{HOMES.pattern}|{own}")) == []
