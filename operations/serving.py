"""How the API is served: one command line of granian, for production, `make run` and the drills."""

import sys

from foundation.db import POOL_SIZE

KILL_AFTER = 8
"""Seconds, longer than any answer takes. A process that is stopped while it starts misses the signal and is killed."""


def granian(*, host: str = "127.0.0.1", port: int = 8000, workers: int = 2) -> list[str]:
    """The command that serves the API. Each process has as many threads as its pools have connections.

    A process that ends by itself is started again; on SIGTERM requests in hand are answered.
    """
    options = ["--interface", "wsgi", "app:application", "--host", host, "--port", str(port)]
    sizes = ["--workers", str(workers), "--blocking-threads", str(POOL_SIZE)]
    life = ["--respawn-failed-workers", "--workers-kill-timeout", str(KILL_AFTER)]
    return [sys.executable, "-m", "granian", *options, *sizes, *life, "--no-log"]
