"""People by their name as records hold it, in Latin letters, with slips: each that is shown counts as looked up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Row, Select, cast, func, literal_column, select, text, true
from sqlalchemy.dialects.postgresql import TSQUERY

from foundation.clock import bangkok_date
from foundation.db import Session
from foundation.identity import Principal
from foundation.sealing import keyring
from immigration.models.people import NAME_WORDS, Passport
from immigration.rules.codes import Link
from immigration.rules.transliteration import transliterate
from immigration.services import alarms, conflicts, scope
from immigration.services.look_ups import Sought, record

SHOWN = 10
"""How many people a search shows at most."""
_COMPARED = 3000
"""Among how many people of a name those of the officer's offices are sought at most: it bounds the cost."""
_SIMILAR = text("select set_config('pg_trgm.word_similarity_threshold', '0.6', true)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSearch:
    """Whom an officer looks for by name, and why; nationality and year of birth narrow it down where they are given."""

    name: str
    purpose: str
    nationality: str = ""
    born_in: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The people that were found, most similar first, and whether others fit too.

    `cut` says that so many share the name that not all of them were compared with the officer's offices.
    """

    people: Sequence[Row[Any]]
    more: bool
    cut: bool


def search(session: Session, wanted: NameSearch, *, officer: Principal, now: datetime) -> Found:
    """People of the officer's offices whose name on record is like the one that is sought; recorded, found or not.

    First those whose name has the very words, then those with words that begin so, then those with slips; the latter
    only where there are few of the former.
    """
    key = transliterate(wanted.name)
    people: dict[UUID, Row[Any]] = {}
    compared, refused = 0, conflicts.people_of(session, officer.id)
    for nearest in (_exact, _beginning, _similar) if key else ():
        if len(people) > SHOWN or compared > _COMPARED:
            break
        if nearest is _similar:
            session.execute(_SIMILAR)
        rows = session.execute(_query(nearest(wanted, key), officer, bangkok_date(now))).all()
        compared += rows[0].compared
        found = [row for row in rows if row.person_id and row.person_id not in refused]
        people |= {row.person_id: row for row in found if row.person_id not in people}
    shown = [*people.values()][:SHOWN]
    sought = Sought(purpose=wanted.purpose, index=keyring().index("name", key))
    for row in shown:  # those that were found are of the officer's offices, and no conflict of theirs
        record(session, row.holder, sought, link=Link.OWN_OFFICE, officer=officer, now=now)
    if not shown:
        record(session, None, sought, link=None, officer=officer, now=now)
    alarms.watch_volume(session, officer=officer, now=now)
    return Found(people=shown, more=len(people) > SHOWN, cut=compared > _COMPARED)


def _exact(wanted: NameSearch, key: str) -> Select[*tuple[Any, ...]]:
    """Names that have all of the words."""
    return _named(wanted, key).where(_has(key, ending=""))


def _beginning(wanted: NameSearch, key: str) -> Select[*tuple[Any, ...]]:
    """Names with words that begin with the words, and are not these."""
    return _named(wanted, key).where(_has(key, ending=":*"), ~_has(key, ending=""))


def _similar(wanted: NameSearch, key: str) -> Select[*tuple[Any, ...]]:
    """Names that are similar besides, by the index of trigrams."""
    query = _named(wanted, key).where(Passport.name.op("%>")(key), ~_has(key, ending=":*"))
    return query.order_by(Passport.name.op("<->>")(key), Passport.id)


def _has(key: str, *, ending: str) -> ColumnElement[bool]:
    """Whether a name has all words, which are letters only (see `transliterate`), with any ending for `:*`."""
    words = cast(" & ".join(f"'{word}'{ending}" for word in key.split()), TSQUERY)
    return literal_column(NAME_WORDS).bool_op("@@")(words)


def _named(wanted: NameSearch, key: str) -> Select[*tuple[Any, ...]]:
    """Passports, with what is shown of them; nationality and year of birth narrow them down."""
    columns = (Passport.person_id, Passport.holder.label("holder"), Passport.document_number, Passport.document_index)
    shown = (*columns, Passport.surname, Passport.given_names, Passport.nationality)
    born = (Passport.birth_date, Passport.birth_date_known)
    query = select(Passport.id, *shown, *born, Passport.name.op("<->")(key).label("distance"))
    if wanted.nationality:
        query = query.where(Passport.nationality == wanted.nationality)
    if wanted.born_in:
        query = query.where(func.extract("year", Passport.birth_date) == wanted.born_in)
    return query


def _query(nearest: Select[*tuple[Any, ...]], officer: Principal, today: date) -> Executable:
    """Of the people of a name those of the officer's offices, and how many were compared (a row at least).

    The offices are looked up one by one until enough are found, since that takes a few reads for each.
    """
    named = nearest.limit(_COMPARED + 1).cte("named").prefix_with("materialized")
    own = select(named).where(scope.is_of_offices(named.c.person_id, officer, today)).limit(3 * SHOWN).subquery("own")
    counted = select(func.count().label("compared")).select_from(named).subquery("counted")
    return (
        select(counted.c.compared, own).select_from(counted.outerjoin(own, true())).order_by(own.c.distance, own.c.id)
    )
