"""`flask officers`: officers' accounts."""

import sys

import click
from flask.cli import AppGroup

from foundation.errors import Problem
from foundation.http import now
from foundation.identity import STAFF, Role
from foundation.services import read_session, transaction
from immigration.services import officers

group = AppGroup("officers", help="Officers' accounts.")
ACTOR = "command-line"


@group.command("add")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(sorted(role.value for role in STAFF)))
@click.option("--office", metavar="CODE", help="Code of the office; the headquarters if left out.")
def add(name: str, role: str, office: str | None) -> None:
    """Open an account; the password is asked for, or read from standard input."""
    if not 0 < len(name) <= 64 or name != name.strip() or not name.isprintable():
        raise click.ClickException("a name has 1 to 64 printable characters and no spaces around it")
    password = _password()
    try:
        with transaction() as session:
            officers.add(
                session, name, password=password, role=Role(role), office=office or None, actor=ACTOR, now=now()
            )
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} is {role}" + (f" in office {office}" if office else ""))


@group.command("list")
def show() -> None:
    """Print all accounts."""
    try:
        with read_session() as session:
            accounts = officers.list_accounts(session)
    except Problem as problem:
        raise _refusal(problem) from problem
    for officer in accounts:
        marks = [mark for mark, holds in (("disabled", officer.disabled_at), ("totp", officer.totp_secret)) if holds]
        click.echo("\t".join([officer.name, officer.role, officer.office or "-", ",".join(marks) or "-"]))


@group.command("disable")
@click.argument("name")
def disable(name: str) -> None:
    """Close an account; its sessions end at once."""
    try:
        with transaction() as session:
            officers.disable(session, name, now=now())
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
            officers.set_password(session, name, password, now=now())
    except Problem as problem:
        raise _refusal(problem) from problem
    click.echo(f"{name} has a new password")


@group.command("totp")
@click.argument("name")
def totp(name: str) -> None:
    """Set up a second factor; print the URI that an authenticator app takes."""
    try:
        with transaction() as session:
            uri = officers.set_up_totp(session, name)
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
