"""The passwords that are tried first, from the file beside this one."""

from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "common_passwords.txt"


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Common passwords in lower case."""
    return frozenset(line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
