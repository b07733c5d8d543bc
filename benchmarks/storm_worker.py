"""This service's worker in a due-storm: `python -m benchmarks.storm_worker DATABASE PROVIDER` sends until killed.

Its clock runs a hundred times as fast, so that the lease of a worker that was killed is over within two seconds.
"""

import sys
from datetime import timedelta
from time import monotonic, sleep

from sqlalchemy import text

from benchmarks.nation import NOW, SECRET
from benchmarks.sending import add_deliveries, add_phones
from foundation.config import Settings
from foundation.db import Base, Database
from foundation.sealing import Keyring, use_keyring
from notifications import rounds
from notifications.channels.fcm import FcmChannel

FASTER = 100


def write_messages(address: str, number: int) -> None:
    """Have so many messages wait in an empty database."""
    database = Database(address, statement_timeout=0)
    Base.metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        connection.execute(text("truncate devices, notifications, channel_states cascade"))
    add_phones(database, number)
    add_deliveries(database, "storm")
    database.close()


def main(address: str, provider: str) -> None:
    """Send until killed."""
    use_keyring(Keyring((SECRET,)))
    database, channel = Database(address), FcmChannel(Settings(fcm_endpoint=provider))
    began = monotonic()
    while True:
        rounds.send_round(database, channel, NOW + timedelta(seconds=(monotonic() - began) * FASTER))
        sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
