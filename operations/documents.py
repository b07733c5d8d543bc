"""The documents made from the code."""

from pathlib import Path

from flask import Flask


def write(app: Flask, folder: Path) -> list[Path]:
    """Write them."""
    return []


def stale(app: Flask, folder: Path) -> list[str]:
    """Those that are out of date."""
    return []
