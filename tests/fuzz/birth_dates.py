"""Fuzzing target: any text as a birth date."""

from datetime import date

from immigration.rules.birth_dates import BirthDate, InvalidBirthDate, read

LONGEST = 32
LATEST = date(2026, 11, 24)
TYPED = (b"1990-05-17", b"1968-00-00", b"1968", b"1968-05", b"1968-00-12", b"2533-01-02", b"1990-02-30", b"17.05.1990")


def seeds() -> tuple[bytes, ...]:
    """Some birth dates, and some texts that are none."""
    return TYPED


def check(data: bytes) -> None:
    """What is read is the same once it is written, kept or claimed, and does not lie after the latest day."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        birth = read(text, latest=LATEST)
    except InvalidBirthDate:
        return
    assert read(str(birth), latest=LATEST) == birth
    assert BirthDate.stored(birth.first_day, birth.known) == birth
    assert birth.first_day <= LATEST
    assert birth.is_given_by(birth)
