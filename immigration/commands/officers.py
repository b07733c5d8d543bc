"""`flask officers`: officers' accounts."""

import sys

import click

from foundation.errors import Problem
from foundation.http import now
from foundation.identity import STAFF, Role
from foundation.services import read_session, transaction
from immigration.commands.recording import RecordedGroup, actor
from immigration.rules.officers import is_name
from immigration.services import officer_passkeys, officers

group = RecordedGroup("officers", help="Officers' accounts.")


@group.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(sorted(role.value for role in STAFF)))
@click.option(
    "--office", "offices", metavar="CODE", multiple=True, help="Code of an office, once for each; all offices if none."
)
def add(name: str, role: str, offices: tuple[str, ...]) -> None:
    """Open an account; the password is asked for, or read from standard input."""
    if not is_name(name):
        raise click.ClickException("a name has 1 to 64 printable characters, no colon, and no spaces around it")
    password = _password()
    try:
        with transaction() as session:
            added = officers.add(
                session, name, password=password, role=Role(role), office=offices, actor=actor(), now=now()
            )
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} is {role}" + (f" in office {', '.join(added.offices)}" if offices else " of all offices"))


@group.command("move")
@click.argument("name")
@click.option("--office", "offices", metavar="CODE", multiple=True, required=True, help="Code of an office, or HQ.")
def move(name: str, offices: tuple[str, ...]) -> None:
    """Let an account act for these offices instead of its present ones; HQ is all of them."""
    try:
        with transaction() as session:
            moved = officers.move(session, name, offices, actor=actor(), now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} is in office {', '.join(moved.offices)}")


@group.command("list")
def show() -> None:
    """Print all accounts."""
    try:
        with read_session() as session:
            accounts, with_passkey = officers.list_accounts(session), officers.with_passkey(session)
    except Problem as problem:
        raise _refusal(problem) from problem
    for officer in accounts:
        held = {"disabled": officer.disabled_at, "passkey": officer.id in with_passkey, "totp": officer.totp_secret}
        marks = [mark for mark, holds in held.items() if holds]
        click.echo("\t".join([officer.name, officer.role, ",".join(officer.offices), ",".join(marks) or "-"]))


@group.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Close an account; its sessions end at once."""
    try:
        with transaction() as session:
            officers.disable(session, name, actor=actor(), now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} is disabled")


@group.command("set-password")
@click.argument("name")
def set_password(name: str) -> None:
    """Give an account another password; its sessions end at once."""
    password = _password()
    try:
        with transaction() as session:
            officers.set_password(session, name, password, actor=actor(), now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} has a new password")


@group.command("first-use")
@click.argument("name")
@click.option("--replace", is_flag=True, help="End its passkeys, authenticator app and sessions: they were lost.")
def first_use(name: str, replace: bool) -> None:
    """Print a code with which the account registers a passkey, once, within a day."""
    try:
        with transaction() as session:
            code = officer_passkeys.issue_code(session, name, replace=replace, actor=actor(), now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(code)


@group.command("totp")
@click.argument("name")
def totp(name: str) -> None:
    """Set up a second factor; print the URI that an authenticator app takes."""
    try:
        with transaction() as session:
            uri = officers.set_up_totp(session, name, actor=actor(), now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(uri)


def _password() -> str:
    if _at_a_terminal():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    if not (line := sys.stdin.readline().rstrip("\r\n")):
        raise click.ClickException("no password on standard input")
    return line


def _at_a_terminal() -> bool:
    return sys.stdin.isatty()


def _refusal(problem: Problem) -> click.ClickException:
    return click.ClickException(problem.detail or problem.title())
