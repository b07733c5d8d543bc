"""What the benchmarks print: who measured on what, and tables of medians."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path


def say(line: str = "") -> None:
    """A line, at once."""
    print(line, flush=True)


def machine() -> str:
    """The machine in one line."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "")
    memory = next((int(line.split()[1]) // 1024**2 for line in _lines("/proc/meminfo") if "MemTotal" in line), 0)
    return f"{os.cpu_count()} cores ({cpu or platform.machine()}), {memory} GiB, Python {sys.version.split()[0]}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table, its numbers to the right."""
    widths = [max(len(line[i]) for line in (head, *rows)) for i in range(len(head))]
    say("| " + " | ".join(cell.ljust(w) for cell, w in zip(head, widths, strict=True)) + " |")
    say("|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|")
    for line in rows:
        cells = (c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        say("| " + " | ".join(cells) + " |")
    say()


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []
