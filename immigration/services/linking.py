"""Whose passports are: derived from the links between them, whenever these change.

A link is what a passport's row claims to replace, or what an officer stated. `immigration/rules/linking.py` says which
of them connect; `merging` then joins and separates people.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.engine import Row

from foundation.db import Session
from immigration.models.people import PassportLink
from immigration.rules.birth_dates import BirthDate
from immigration.rules.linking import Bearer, Link, LinkedPassports, LinkObstacle
from immigration.rules.policies import Policy
from immigration.services import merging
from immigration.services.merging import Placed

REASONS: Mapping[LinkObstacle, str] = {
    LinkObstacle.BIRTH_DATE: "replaces: the birth date contradicts that of the person whose passport is replaced",
    LinkObstacle.SEX: "replaces: the sex contradicts that of the person whose passport is replaced",
    LinkObstacle.CIRCLE: "replaces: the passports would replace one another in a circle",
}
"""Why a row is rejected."""
_log = logging.getLogger(__name__)
_TAKE_TURNS = text("select pg_advisory_xact_lock(hashtext('records import'))")

# Staged passports that are linked with another one, or were. One select for each way, so that each uses an index.
_ON_RECORD = "from staged s join passports p using (document_index)"
_LINKED = f"""
select p.id {_ON_RECORD} where p.replaces_index is not null
union select p.id {_ON_RECORD} join passports n on n.replaces_index = p.document_index
union select p.id {_ON_RECORD} join passports o on o.person_id = p.person_id and o.id <> p.id
union select p.id {_ON_RECORD} join passport_links l on l.passport_id = p.id
union select p.id {_ON_RECORD} join passport_links l on l.other_passport_id = p.id
"""
_AFTER_MERGE = text(_LINKED)
# Before the staged rows are merged, what they claim and what claims them is known by blind index only.
_BEFORE_MERGE = text(f"""{_LINKED}
union select p.id from staged s join passports p on p.document_index = s.replaces_index
union select p.id from staged s join passports p on p.replaces_index = s.document_index
""")  # noqa: S608 - our own words
# Everything that links lead to, and everything that was one person until now.
_SURROUNDINGS = text("""
with recursive reached (id) as (
  select unnest(cast(:ids as bigint[]))
  union
  select n.id from reached join passports p using (id) cross join lateral (
    select o.id from passports o where o.document_index = p.replaces_index
    union all select o.id from passports o where o.replaces_index = p.document_index
    union all select o.id from passports o where o.person_id = p.person_id
    union all select l.other_passport_id from passport_links l where l.passport_id = p.id and l.withdrawn_at is null
    union all select l.passport_id from passport_links l where l.other_passport_id = p.id and l.withdrawn_at is null
  ) n
)
select p.id, p.person_id, coalesce(p.holder_id, p.person_id) as holder_id, p.document_index, p.replaces_index,
  p.birth_date, p.birth_date_known, p.sex
from reached join passports p using (id) order by p.id
""")
_STAGED = text("""
select s.line, s.document_index, s.replaces_index, s.birth_date, s.birth_date_known, s.sex from staged s
where s.replaces_index is not null or s.document_index = any(:known)
  or exists (select from staged c where c.replaces_index = s.document_index)
order by s.line
""")
_REFUSE = text("delete from staged where line = any(:lines)")


def take_turns(session: Session) -> None:
    """Wait for imports and officers who are changing links, until the transaction ends."""
    session.execute(_TAKE_TURNS)


def refuse_staged(session: Session) -> tuple[dict[int, str], list[int]]:
    """Remove staged passports whose claim to replace another one cannot be true; their lines, with the reason.

    Returns also the passports on record that the file is about, by links. The people whose they are, are locked before
    anything of them is changed.
    """
    known = _read_surroundings(session, session.scalars(_BEFORE_MERGE).all())
    rows = session.execute(_STAGED, {"known": [passport.document_index for passport in known]}).all()
    merging.lock_people(session, {passport.person_id for passport in known})
    links, refused = _read_links(session, known), dict[int, str]()
    # Without a refused row, an earlier row of the file or the row on record stands: that is looked at again.
    while obstacles := _refusals(known, [row for row in rows if row.line not in refused], links):
        refused |= {line: REASONS[obstacle] for line, obstacle in obstacles.items()}
    if refused:
        session.execute(_REFUSE, {"lines": list(refused)})
    return refused, [passport.id for passport in known]


def _refusals(
    known: Sequence[Row[Any]], staged: Sequence[Row[Any]], links: Sequence[tuple[int, int]]
) -> dict[int, LinkObstacle]:
    """The lines of staged passports that contradict what is on record, or an earlier line of the file."""
    newest = {row.document_index: row for row in staged}
    passports = {passport.document_index: passport for passport in known} | newest
    linked = LinkedPassports({index: _bearer(row) for index, row in passports.items()})
    index_of = {passport.id: passport.document_index for passport in known}
    for first, second in links:
        linked.add(Link(index_of[first], index_of[second], replaces=False))
    for passport in known:
        if passport.document_index not in newest and passport.replaces_index in passports:
            linked.add(Link(passport.document_index, passport.replaces_index))
    refused = {}
    for row in sorted(newest.values(), key=lambda row: row.line):
        claim = Link(row.document_index, row.replaces_index)
        if row.replaces_index in passports and (obstacle := linked.add(claim)):
            refused[row.line] = obstacle
    return refused


def relink_staged(session: Session, known: list[int], *, policy: Policy, now: datetime, actor: str) -> None:
    """Join and separate people as the links of the staged passports, which were merged, and of `known` ones now say."""
    staged = session.scalars(_AFTER_MERGE).all()
    relink(session, [*{*staged, *known}], policy=policy, now=now, actor=actor)


def relink(session: Session, passport_ids: Sequence[int], *, policy: Policy, now: datetime, actor: str) -> set[UUID]:
    """Join and separate people as the links of these passports say; who is to be recomputed."""
    known = _read_surroundings(session, passport_ids)
    linked, refused = _link(session, known)
    if refused:
        _log.warning("%s passports on record name one that they replace, but contradict it: not linked", refused)
    placed = {row.id: Placed(id=row.id, holder_id=row.holder_id, person_id=row.person_id) for row in known}
    people = [[placed[passport_id] for passport_id in group] for group in linked.people()]
    return merging.regroup(session, people, policy=policy, now=now, actor=actor)


def surroundings(session: Session, passport_ids: Sequence[int]) -> tuple[LinkedPassports[int], set[UUID]]:
    """What is linked with some passports, and the people they are of."""
    known = _read_surroundings(session, passport_ids)
    linked, _ = _link(session, known)
    return linked, {row.person_id for row in known}


def _link(session: Session, known: Sequence[Row[Any]]) -> tuple[LinkedPassports[int], int]:
    """Passports on record as the links between them connect them, and how many of their claims connect nothing."""
    linked = LinkedPassports({row.id: _bearer(row) for row in known})
    for first, second in _read_links(session, known):
        linked.add(Link(first, second, replaces=False))
    id_of = {row.document_index: row.id for row in known}
    claims = [Link(row.id, id_of[row.replaces_index]) for row in known if row.replaces_index in id_of]
    return linked, sum(linked.add(claim) is not None for claim in claims)


def _bearer(row: Row[Any]) -> Bearer:
    """What a passport's row says of its bearer, as far as the birth date is known."""
    return Bearer(BirthDate.stored(row.birth_date, row.birth_date_known), row.sex)


def _read_surroundings(session: Session, passport_ids: Sequence[int]) -> Sequence[Row[Any]]:
    if not passport_ids:
        return ()
    return session.execute(_SURROUNDINGS, {"ids": list(passport_ids)}).all()


def _read_links(session: Session, known: Sequence[Row[Any]]) -> list[tuple[int, int]]:
    """The links that officers made between passports, oldest first."""
    ids = [row.id for row in known]
    if not ids:
        return []
    standing = select(PassportLink.passport_id, PassportLink.other_passport_id).where(
        PassportLink.passport_id.in_(ids), PassportLink.withdrawn_at.is_(None)
    )
    rows = session.execute(standing.order_by(PassportLink.made_at, PassportLink.id))
    return [(first, second) for first, second in rows]
