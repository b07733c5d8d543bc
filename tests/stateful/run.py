"""`python -m tests.stateful.run 2000 [SEED]`: that many random histories; the first that fails ends the run."""

import sys
import time

from hypothesis import Phase

from devtools.postgres import temporary_server
from foundation.db import Base, Database
from tests.stateful.life import live
from tests.stateful.world import world


def main(lives: int, number: int = 1) -> None:
    """Live, and print how often each thing happened and how long it took."""
    with temporary_server() as server:
        server.ensure_database("lives")
        database = Database(server.url("lives"))
        Base.metadata.create_all(database.engine)
        with world(database) as here:
            began, used = time.monotonic(), time.process_time()
            try:
                live(here, lives, number, phases=(Phase.generate,))
            finally:
                for what, count in sorted(here.happened.items()):
                    print(f"{what:<32} {count:>8}")
                print(f"{time.monotonic() - began:.0f} s, of which {time.process_time() - used:.0f} s in this process")
        database.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
