"""The outcome of a drill: its requirements, kept or broken, and its figures; and the table of all drills."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

KEPT, BROKEN, NOT_RUN = "kept", "BROKEN", "NOT RUN"


@dataclass
class Row:
    """One drill. `broken` has a sentence for each requirement that was not met; `not_run` says why it was not run."""

    name: str
    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    not_run: str = ""
    seconds: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def require(self, requirement: str, holds: object) -> None:
        """Note a requirement as a sentence; it is broken unless it holds."""
        if not holds:
            with self._lock:
                self.broken.append(requirement)

    def figure(self, **named: object) -> None:
        """Note figures, in the order they are to be read; `_` in a name stands for a space."""
        self.figures |= {name.replace("_", " "): value for name, value in named.items()}

    @property
    def outcome(self) -> str:
        """kept, BROKEN or NOT RUN; a broken requirement shows even if a part was not run."""
        return BROKEN if self.broken else NOT_RUN if self.not_run else KEPT


def table(rows: Sequence[Row]) -> str:
    """The rows as text: outcome, seconds and figures of each, and below them the broken requirements."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'drill':<{width}}  outcome  seconds  figures"]
    for row in rows:
        figures = ", ".join(f"{name} {value}" for name, value in row.figures.items())
        why = f"not run: {row.not_run}" if row.not_run else ""
        lines.append(
            f"{row.name:<{width}}  {row.outcome:<7}  {row.seconds:7.1f}  {'; '.join(filter(None, (why, figures)))}"
        )
    broken = [f"{row.name}: broken: {requirement}" for row in rows for requirement in dict.fromkeys(row.broken)]
    return "\n".join([*lines, *broken])


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a requirement was broken, 2 if something was not run, 0 if all were run and kept."""
    outcomes = {row.outcome for row in rows}
    return 1 if BROKEN in outcomes else 2 if NOT_RUN in outcomes else 0
