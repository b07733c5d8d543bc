"""The launcher of the embedded PostgreSQL: as root and as another user, in unusual folders, and after a kill."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from devtools.postgres import PostgresFailed, find_binaries, local_server, temporary_server

PROJECT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not AS_ROOT, reason="needs root, to run as another user")

USE_TEMPORARY = """
import sys; from pathlib import Path
from devtools.postgres import temporary_server
with temporary_server() as server:
    print(server.home, flush=True)
    sys.stdin.read()
"""
USE_LOCAL = """
import sys; from pathlib import Path
from devtools.postgres import local_server
server = local_server(Path(sys.argv[1]))
print(int(server.started_here), server.ensure_database("shared"), flush=True)
sys.stdin.read()
server.leave()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter (pytest's own can be entered by its owner only)."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def python(code: str, *arguments: object, project: Path = PROJECT, user: str | None = None) -> "subprocess.Popen[str]":
    """Python running `code` with our packages importable, as `user` if one is named."""
    packages = [path for path in sys.path if "site-packages" in path]
    environment = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join([str(project), *packages])}
    return subprocess.Popen(
        [interpreter_for(user, environment), "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env=environment,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def interpreter_for(user: str | None, environment: dict[str, str]) -> str:
    """Our interpreter, or, where `user` cannot run it (it is in root's home, say), the system's."""
    for candidate in (sys.executable, "/usr/bin/python3") if user else ():
        command = [candidate, "-c", "import psycopg"]
        with suppress(OSError):
            if not subprocess.run(
                command, cwd="/", env=environment, user=user, extra_groups=[], capture_output=True
            ).returncode:
                return candidate
    if user:
        pytest.skip(f"no interpreter that {user} can run has our packages")
    return sys.executable


def ask(url: str, question: str) -> object:
    """The single value that a query returns."""
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def eventually(fact: Callable[[], bool]) -> bool:
    """Whether `fact` becomes true within 20 seconds."""
    for _ in range(200):
        if fact():
            return True
        time.sleep(0.1)
    return False


def processes_about(home: Path) -> list[str]:
    """The command lines of the running processes that mention `home`."""
    listing = subprocess.run(["ps", "-axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if str(home) in line]


def test_a_temporary_server_has_our_settings_and_is_removed() -> None:
    with temporary_server() as server:
        url = server.ensure_database("it's a name")
        assert server.ensure_database("it's a name") == url
        assert ask(url, "select current_user || current_setting('TimeZone') || current_setting('fsync')") == "appUTCoff"
        assert ask(url, "select current_setting('log_error_verbosity')") == "terse"
        assert ask(url, "select current_setting('listen_addresses')") == ""
        assert ask(url, "select current_setting('server_encoding')") == "UTF8"
        assert ask(url, "select current_setting('max_connections')") == "200"
        assert server.home.stat().st_mode & 0o077 == 0
    assert not server.home.exists()
    assert processes_about(server.home) == []


def test_it_is_removed_when_a_test_fails() -> None:
    def fail() -> None:
        with temporary_server() as server:
            homes.append(server.home)
            raise ZeroDivisionError

    homes: list[Path] = []
    with pytest.raises(ZeroDivisionError):
        fail()
    assert not homes[0].exists()


def test_a_killed_owner_leaves_nothing_running() -> None:
    with python(USE_TEMPORARY) as owner:
        assert owner.stdout
        home = Path(owner.stdout.readline().strip())
        assert processes_about(home) != []
        owner.send_signal(signal.SIGKILL)
    assert eventually(lambda: not home.exists() and processes_about(home) == [])


def test_many_processes_share_one_local_server_and_the_last_stops_it(folder: Path) -> None:
    finders = [python(USE_LOCAL, folder / "var") for _ in range(6)]
    answers = [finder.stdout.readline().split() for finder in finders if finder.stdout]
    assert sorted(started for started, _ in answers) == ["0"] * 5 + ["1"]
    assert len({url for _, url in answers}) == 1
    home = folder / "var/postgres"
    for finder in finders[:4]:
        finder.communicate()
    assert ask(answers[0][1], "select 1") == 1
    finders[4].kill()  # a killed process counts as gone
    finders[4].communicate()
    finders[5].communicate()
    assert eventually(lambda: processes_about(home) == [])


def test_local_data_are_kept_and_safe(folder: Path) -> None:
    for seen in (None, "kept"):
        server = local_server(folder / "var")
        assert server.started_here
        url = server.ensure_database("notes")
        assert ask(url, "select current_setting('fsync')") == "on"
        with psycopg.connect(url) as connection:
            connection.execute("create table if not exists kept ()")
        assert seen is None or ask(url, "select to_regclass('kept')::text") == seen
        server.leave()
    assert not server.is_running()


def test_a_half_made_folder_and_a_stale_process_number_are_no_obstacle(folder: Path) -> None:
    server = local_server(folder)
    server.leave()
    (server.home / "data.new").mkdir()
    left_behind = server.data / "postmaster.pid"
    with another_program() as number:
        left_behind.write_text(f"{number}\n{server.data}\n1\n5432\n{server.home / 'socket'}\n\n\nready\n")
        if AS_ROOT:
            shutil.chown(left_behind, "nobody")
        server = local_server(folder)
        assert server.started_here
        server.leave()


@contextmanager
def another_program() -> Iterator[int]:
    """The number of a process of the user whom PostgreSQL runs as."""
    with subprocess.Popen(["sleep", "60"], user="nobody" if AS_ROOT else None) as other:
        yield other.pid
        other.kill()


def test_a_deep_folder_gets_its_socket_elsewhere(folder: Path) -> None:
    server = local_server(folder / ("d" * 60) / ("e" * 60))
    url = server.url("postgres")
    sockets = Path(url.partition("host=")[2])
    assert ask(url, "select 1") == 1
    server.leave()
    assert not sockets.exists()


@only_root
def test_a_folder_that_nobody_can_enter_is_left_alone(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = local_server(closed / "var")
    try:
        assert ask(server.ensure_database("there"), "select 1") == 1
        assert (closed / "var/postgres").is_symlink()
        assert closed.stat().st_mode & 0o777 == 0o700
        server.leave()
        again = local_server(closed / "var")
        assert again.home == server.home
        again.leave()
    finally:
        shutil.rmtree(server.home)


@only_root
def test_binaries_that_nobody_can_read_are_copied(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    prefix = find_binaries().parent
    for part in (f"{prefix.parent.name}/{prefix.name}", f"{prefix.parent.name}.libs"):
        if (prefix.parents[1] / part).exists():
            shutil.copytree(prefix.parents[1] / part, closed / part, symlinks=True)
    monkeypatch.setenv("PG_BIN", str(closed / prefix.parent.name / prefix.name / "bin"))
    with temporary_server() as server:
        assert ask(server.url("postgres"), "select 1") == 1
        assert list((server.home / "binaries").rglob("bin/postgres")) != []
    assert closed.stat().st_mode & 0o777 == 0o700


@only_root
def test_an_ordinary_user_can_run_both(folder: Path) -> None:
    project = folder / "project"
    (project / "devtools").mkdir(parents=True)
    for name in ("__init__.py", "postgres.py"):
        shutil.copy(PROJECT / "devtools" / name, project / "devtools")
    home = folder / "theirs"
    home.mkdir()
    shutil.chown(home, "nobody")
    with python(USE_LOCAL, home / "var", project=project, user="nobody") as finder:
        assert finder.stdout
        started, url = finder.stdout.readline().split()
        assert started == "1"
        assert ask(url, "select 1") == 1
        assert (home / "var/postgres").stat().st_uid == home.stat().st_uid
        finder.communicate()
    with python(USE_TEMPORARY, project=project, user="nobody") as owner:
        assert owner.stdout
        temporary = Path(owner.stdout.readline().strip())
        owner.kill()
    assert eventually(lambda: not temporary.exists())


def test_missing_binaries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", "/nowhere")
    with pytest.raises(PostgresFailed, match="looked in /nowhere"):
        find_binaries()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    server = local_server(folder)
    server.leave()
    (server.data / "PG_VERSION").write_text("9.4\n")
    with pytest.raises(PostgresFailed, match="incompatible with server"):
        local_server(folder)


def test_debians_newest_binaries_are_used_without_the_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [
        Path("/usr/lib/postgresql/9.6/bin"),
        Path("/usr/lib/postgresql/17/bin"),
        Path("/usr/lib/postgresql/15/bin"),
    ]
    monkeypatch.delenv("PG_BIN", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda self, pattern: iter(folders))
    monkeypatch.setattr(Path, "is_file", lambda self: True)
    assert find_binaries() == folders[1].resolve()
