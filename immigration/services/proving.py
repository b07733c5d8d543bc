"""Who must have been told of what by a day, recomputed from the records alone: the other side of a proof of coverage.

Nothing that was kept of a person is asked, so that an obligation that is missing or wrong is found as well.
"""

import json
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, String, bindparam, exists, select, text
from sqlalchemy.orm import aliased

from foundation.db import ReadSession, column_definitions
from immigration.models.obligations import KEPT_COLUMNS
from immigration.models.obligations import Obligation as Kept
from immigration.models.people import Passport
from immigration.registries.law import Law
from immigration.registries.records import Records
from immigration.services import obligations

BATCH = 2000
"""People of whom the records are read at once."""

_COLUMNS = ("person_id", *KEPT_COLUMNS)
_RECOMPUTED = text(
    "select * from jsonb_to_recordset(cast(:recomputed as jsonb))"  # noqa: S608 - names come from the model
    f" as n ({column_definitions(Kept, _COLUMNS)})"
).columns(*(Kept.__table__.c[name] for name in _COLUMNS))


def must_be_told(
    session: ReadSession, today: date, *, records: Records, law: Law, after: UUID
) -> tuple[Select[Any], UUID] | None:
    """Who of the next people on record must have been told of which step; and the last of these people.

    The columns are those of `obligations.due_steps`, and `as_kept`: whether what is kept of the person says the same.
    None where nobody is left.
    """
    on_record = select(Passport.person_id).distinct().where(Passport.person_id > after)
    people = session.scalars(on_record.order_by(Passport.person_id).limit(BATCH)).all()
    if not people:
        return None
    policy = law.on(today)
    rows = [
        {"person_id": person_id, **obligations.columns(facts, today, policy)}
        for person_id, facts in records.facts(session.connection(), people)
    ]
    values = bindparam("recomputed", json.dumps(rows, default=str), String)
    recomputed = aliased(Kept, _RECOMPUTED.bindparams(values).subquery("recomputed"), adapt_on_names=True)
    due = obligations.due_steps(today, law=law, of=recomputed)
    same = (getattr(Kept, name).is_not_distinct_from(getattr(recomputed, name)) for name in ("basis", "due_on"))
    as_kept = exists().where(Kept.person_id == recomputed.person_id, Kept.expected, *same)
    return due.add_columns(as_kept.label("as_kept")), people[-1]
