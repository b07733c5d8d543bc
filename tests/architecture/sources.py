"""The project's own files, as the architecture tests read them."""

import ast
import os
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app.py", "foundation", "immigration", "notifications", "operations", "devtools", "tools")
NOT_OURS = {"var", "node_modules", "__pycache__", "dist"}


def files() -> Iterator[Path]:
    """Every file of the project, without installed packages, built files and data."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if f not in NOT_OURS and not f.startswith("."))
        yield from (Path(folder, name) for name in sorted(names))


@cache
def python_files(*places: str) -> tuple[Path, ...]:
    """The Python files, of these folders or files only if any are named ("immigration/rules")."""
    wanted = [ROOT / place for place in places or (".",)]
    paths = (path for path in files() if path.suffix == ".py")
    return tuple(path for path in paths if any(path == place or place in path.parents for place in wanted))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def named(path: Path) -> str:
    """The path of a file from the project's root."""
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Every call in a file: its line, and what is called as it is written ("session.commit")."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module that a file imports, with the line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."


def law(name: str) -> dict[str, Any]:
    """The content of a file of `immigration/law`."""
    return tomllib.loads((ROOT / "immigration" / "law" / f"{name}.toml").read_text("utf-8"))
