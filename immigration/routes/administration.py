"""Accounts of officers: what administrators do with them."""

from typing import Any
from uuid import UUID

from foundation.http import Blueprint, allow, now, principal
from foundation.identity import Role
from foundation.paging import Page
from foundation.services import read_session, transaction
from immigration.schemas.administration import (
    AccountOut,
    AccountsOut,
    AccountsQuery,
    ChangedAccessIn,
    FirstUseCodeIn,
    FirstUseCodeOut,
    NewAccountIn,
    PasswordOut,
)
from immigration.services import administration
from immigration.services.administration import Account

blueprint = Blueprint("administration", __name__, url_prefix="/api/v1/administration/officers", description=__doc__)


@blueprint.get("")
@allow(Role.ADMINISTRATOR)
@blueprint.arguments(AccountsQuery, location="query")
@blueprint.response(200, AccountsOut)
def list_accounts(query: dict[str, Any]) -> Page[Account]:
    """The accounts of my offices, by name, with what they sign in by and when they last did."""
    with read_session() as session:
        return administration.list_accounts(session, administrator=principal(), now=now(), **query)


@blueprint.post("")
@allow(Role.ADMINISTRATOR)
@blueprint.arguments(NewAccountIn)
@blueprint.response(201, PasswordOut)
def add(data: dict[str, Any]) -> Account:
    """Open an account. Its password is made here and shown once; sent again, the name is taken."""
    who = principal()
    with transaction() as session:
        made, password = administration.add(
            session, data["name"], role=Role(data["role"]), offices=data["offices"], administrator=who, now=now()
        )
        return administration.account(session, made, administrator=who, now=now(), password=password)


@blueprint.put("/<uuid:officer_id>/access")
@allow(Role.ADMINISTRATOR)
@blueprint.arguments(ChangedAccessIn)
@blueprint.response(200, AccountOut)
def change_access(data: dict[str, Any], officer_id: UUID) -> Account:
    """Give an account another role or other offices, at once; refused where it is no longer as it was seen."""
    who, wanted = principal(), data | {"role": Role(data["role"])}
    with transaction() as session:
        changed = administration.change_access(session, officer_id, administrator=who, now=now(), **wanted)
        return administration.account(session, changed, administrator=who, now=now())


@blueprint.post("/<uuid:officer_id>/closing")
@allow(Role.ADMINISTRATOR)
@blueprint.response(200, AccountOut)
def close(officer_id: UUID) -> Account:
    """Close an account: its sessions and passkeys end at once."""
    with transaction() as session:
        closed = administration.close(session, officer_id, administrator=principal(), now=now())
        return administration.account(session, closed, administrator=principal(), now=now())


@blueprint.post("/<uuid:officer_id>/reopening")
@allow(Role.ADMINISTRATOR)
@blueprint.response(200, AccountOut)
def reopen(officer_id: UUID) -> Account:
    """Open a closed account again, without second factors."""
    with transaction() as session:
        opened = administration.reopen(session, officer_id, administrator=principal(), now=now())
        return administration.account(session, opened, administrator=principal(), now=now())


@blueprint.post("/<uuid:officer_id>/password")
@allow(Role.ADMINISTRATOR)
@blueprint.response(200, PasswordOut)
def reset_password(officer_id: UUID) -> Account:
    """Give an account another password, which is made here and shown once; its sessions end."""
    who = principal()
    with transaction() as session:
        officer, password = administration.reset_password(session, officer_id, administrator=who, now=now())
        return administration.account(session, officer, administrator=who, now=now(), password=password)


@blueprint.post("/<uuid:officer_id>/first-use-code")
@allow(Role.ADMINISTRATOR)
@blueprint.arguments(FirstUseCodeIn)
@blueprint.response(200, FirstUseCodeOut)
def issue_code(data: dict[str, Any], officer_id: UUID) -> Account:
    """Issue the code with which an account registers a passkey, shown once; the one before ends."""
    who = principal()
    with transaction() as session:
        officer, code = administration.issue_code(session, officer_id, administrator=who, now=now(), **data)
        return administration.account(session, officer, administrator=who, now=now(), code=code)


@blueprint.delete("/<uuid:officer_id>/second-factors")
@allow(Role.ADMINISTRATOR)
@blueprint.response(200, AccountOut)
def reset_factors(officer_id: UUID) -> Account:
    """End passkeys, authenticator app and sessions of an account, since they were lost."""
    with transaction() as session:
        officer = administration.reset_factors(session, officer_id, administrator=principal(), now=now())
        return administration.account(session, officer, administrator=principal(), now=now())


@blueprint.delete("/<uuid:officer_id>/sessions")
@allow(Role.ADMINISTRATOR)
@blueprint.response(200, AccountOut)
def end_sessions(officer_id: UUID) -> Account:
    """End all sessions of an account."""
    with transaction() as session:
        officer = administration.end_sessions(session, officer_id, administrator=principal(), now=now())
        return administration.account(session, officer, administrator=principal(), now=now())
