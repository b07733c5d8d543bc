"""`python -m drills [DRILL ...]`: run all drills, or those named, and print a table of the outcomes."""

import os
import signal
import sys
import traceback
from collections.abc import Callable

from drills import canary, database, faults, full, guessing, kills, outage, probes, races, replication, tampering
from drills.installation import TimedOut
from drills.rows import Row, exit_code, table
from drills.sizes import Sizes, WrongSize
from foundation.clock import monotonic

DRILLS: dict[str, Callable[[Sizes], Row]] = {
    "kills": kills.run,
    "races": races.run,
    "away": database.away,
    "frozen": database.frozen,
    "slow": database.slow,
    "data-full": full.data,
    "log-full": full.log,
    "replication": replication.run,
    "tampering": tampering.run,
    "probes": probes.run,
    "guessing": guessing.run,
    "canary": canary.run,
    "faults": faults.run,
    "outage": outage.run,
}

NAMED_ONLY = ("canary",)
"""Drills that are run where they are named, as `make security` does: they wait for what a worker sends."""


def main(names: list[str]) -> int:
    """Run the drills; 0 if every requirement was met, 1 if one was not, 2 if some drill could not be run."""
    if unknown := set(names) - set(DRILLS):
        print(f"no such drill: {', '.join(sorted(unknown))}; there are {', '.join(DRILLS)}", file=sys.stderr)
        return 64
    try:
        sizes = Sizes.of(os.environ)
    except WrongSize as error:
        print(error, file=sys.stderr)
        return 64
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every child process is stopped
    print(f"DRILL_SEED={sizes.seed}", flush=True)
    rows = [_run(name, sizes) for name in names or (name for name in DRILLS if name not in NAMED_ONLY)]
    print(f"\nseed {sizes.seed}; {sum(row.seconds for row in rows):.0f} s\n\n{table(rows)}", flush=True)
    return exit_code(rows)


def _run(name: str, sizes: Sizes) -> Row:
    print(f"{name} ...", flush=True)
    began = monotonic()
    try:
        row = DRILLS[name](sizes)
    except TimedOut as error:
        row = Row(name, broken=[str(error)])
    except Exception:
        traceback.print_exc()
        row = Row(name, broken=["the drill itself ended with an error"])
    row.seconds = monotonic() - began
    print("\n".join([f"{name}: {row.outcome}, {row.seconds:.1f} s", *row.broken]), flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
