"""A PgBouncer in transaction mode, in front of a PostgreSQL of the tests."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import URL

from devtools.postgres import server_account

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
_SETTINGS = """[databases]
* = host={host}
[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
listen_port = 6432
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = {connections}
logfile = {folder}/pgbouncer.log
"""


@contextmanager
def pgbouncer(url: URL, users: tuple[str, ...], *, connections: int = 2) -> Iterator[URL]:
    """The address of a database behind a PgBouncer that holds so few `connections` for each user that clients share."""
    assert PROGRAM, "pgbouncer is not installed: apt install pgbouncer"
    account = server_account()
    with tempfile.TemporaryDirectory(prefix="bouncer-") as name:
        folder = Path(name)
        (folder / "users.txt").write_text("".join(f'"{user}" ""\n' for user in users))
        settings = _SETTINGS.format(host=url.query["host"], folder=folder, connections=connections)
        (folder / "pgbouncer.ini").write_text(settings)
        if account:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, account.uid, account.gid)
        process = subprocess.Popen(
            [PROGRAM, str(folder / "pgbouncer.ini")],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _await_socket(folder, process)
            yield url.set(port=6432, query={"host": str(folder)})
        finally:
            process.terminate()
            process.wait(10)


def _await_socket(folder: Path, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(200):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.connect(str(folder / ".s.PGSQL.6432"))
            return
        assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        time.sleep(0.05)
    raise AssertionError((folder / "pgbouncer.log").read_text())
