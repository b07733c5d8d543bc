"""Officers' accounts of a drill."""

import pyotp

from drills.calls import Caller
from drills.installation import Installation
from foundation.clock import system_clock
from foundation.identity import Role
from immigration.services import officers

PASSWORD = "a-password-of-the-drills"  # noqa: S105 - of a temporary installation


def add_officer(system: Installation, name: str, *, role: Role = Role.OFFICER, office: str | None = None) -> str:
    """Open an account, of the headquarters where no office is named, and sign in; the token."""
    with system.database.transaction() as session:
        now = system_clock()
        officers.add(session, name, password=PASSWORD, role=role, office=office, actor="drill", now=now)
    return sign_in(system, name)


def sign_in(system: Installation, name: str) -> str:
    """Sign in to an account of `add_officer`; the token."""
    answer = Caller(system.ports).ask("POST", "/officers/sessions", credentials(system, name))
    return str(answer.json["access_token"])


def credentials(system: Installation, name: str) -> dict[str, str]:
    """What an account of `add_officer` signs in with now, once: its authenticator app is set up afresh for it."""
    with system.database.transaction() as session:
        uri = officers.set_up_totp(session, name, actor="drill", now=system_clock())
    return {"name": name, "password": PASSWORD, "totp": pyotp.TOTP(pyotp.parse_uri(uri).secret).now()}
