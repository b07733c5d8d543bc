"""Names and nationalities for copied people, as common as they are in the demo country: many share a surname."""

from random import Random

from sqlalchemy import Connection, text

from devtools.demo.nations import choose_nation, invent

DIFFERENT = 50_000
"""How many people are invented; with more passports than that, names repeat in full."""
TODAY = 739_579


def give(connection: Connection) -> None:
    """Give every passport a name, a nationality and a day of birth in the place of those of its template."""
    rng = Random(47)
    people = [invent(rng, choose_nation(rng), "worker", TODAY) for _ in range(DIFFERENT)]
    values = [
        {"n": n, "surname": p.surname, "given": p.given_names, "nationality": p.nationality, "born": p.born}
        for n, p in enumerate(people)
    ]
    connection.execute(
        text(
            "create temporary table invented (n int primary key, surname text, given text, nationality text, born int)"
        )
    )
    connection.execute(text("insert into invented values (:n, :surname, :given, :nationality, :born)"), values)
    connection.execute(text("analyze invented"))
    connection.execute(
        text(
            """update passports p set surname = i.surname, given_names = i.given, nationality = i.nationality,
            birth_date = date '0001-01-01' + (i.born - 1)
            from invented i where i.n = mod(abs(hashint8(p.id)::bigint), :different)"""
        ),
        {"different": DIFFERENT},
    )
