"""`python -m tests.stateful.run 2000 [SEED]`: that many random histories; the first that fails ends the run."""

import sys
import time

from hypothesis import Phase

from devtools.postgres import temporary_server
from foundation.db import Database
from tests.conftest import make_tables
from tests.stateful.machine import run_histories
from tests.stateful.service import run_service


def main(histories: int, number: int = 1) -> None:
    """Run the histories, and print how often each kind of event occurred and how long it took."""
    with temporary_server() as server:
        server.ensure_database("histories")
        database = Database(server.url("histories"))
        make_tables(database)
        with run_service(database) as service:
            began, used = time.monotonic(), time.process_time()
            try:
                run_histories(service, histories, number, phases=(Phase.generate,))
            finally:
                for kind, count in sorted(service.counts.items()):
                    print(f"{kind:<32} {count:>8}")
                print(f"{time.monotonic() - began:.0f} s, of which {time.process_time() - used:.0f} s in this process")
        database.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
