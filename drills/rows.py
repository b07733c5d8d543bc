"""What a drill found: its promises, kept or broken, and its figures; and the table of all of them."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

KEPT, BROKEN, NOT_RUN = "kept", "BROKEN", "NOT RUN"


@dataclass
class Row:
    """One drill. `broken` holds a sentence for each promise that did not hold; `not_run` why it could not be tried."""

    name: str
    figures: dict[str, object] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    not_run: str = ""
    seconds: float = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def promise(self, what: str, holds: object) -> None:
        """Note a promise, in words that say how it should be; it is broken unless it holds."""
        if not holds:
            with self._lock:
                self.broken.append(what)

    def figure(self, **named: object) -> None:
        """Note figures, in the order they are to be read; `_` in a name stands for a space."""
        self.figures |= {name.replace("_", " "): value for name, value in named.items()}

    @property
    def outcome(self) -> str:
        """kept, BROKEN or NOT RUN; a promise that broke is told even where a part was not run."""
        return BROKEN if self.broken else NOT_RUN if self.not_run else KEPT


def table(rows: Sequence[Row]) -> str:
    """The rows as text: outcome, seconds and figures of each, and what broke below it."""
    width = max(len(row.name) for row in rows)
    lines = [f"{'drill':<{width}}  outcome  seconds  figures"]
    for row in rows:
        told = ", ".join(f"{name} {value}" for name, value in row.figures.items())
        why = f"not run: {row.not_run}" if row.not_run else ""
        lines.append(
            f"{row.name:<{width}}  {row.outcome:<7}  {row.seconds:7.1f}  {'; '.join(filter(None, (why, told)))}"
        )
        lines += [f"{'':<{width}}  broken: {what}" for what in dict.fromkeys(row.broken)]
    return "\n".join(lines)


def exit_code(rows: Sequence[Row]) -> int:
    """1 where a promise broke, 2 where something was not run, 0 where everything was tried and held."""
    outcomes = {row.outcome for row in rows}
    return 1 if BROKEN in outcomes else 2 if NOT_RUN in outcomes else 0
