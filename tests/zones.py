"""Machine readable zones from ICAO 9303, and writing a zone again from a parsed document."""

from datetime import date
from typing import Any

from immigration.rules.birth_dates import BirthDate
from immigration.rules.mrz import MRZ, build

ICAO = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
GERMAN = "P<D<<MUSTERMANN<<ERIKA<<<<<<<<<<<<<<<<<<<<<<\nC01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
SPECIMEN: dict[str, Any] = {
    "issuing_state": "UTO",
    "document_number": "L898902C3",
    "nationality": "UTO",
    "surname": "ERIKSSON",
    "given_names": "ANNA MARIA",
    "birth_date": BirthDate(1974, 8, 12),
    "sex": "F",
    "expires_on": date(2012, 4, 15),
}


def written(document: MRZ) -> str:
    """The zone of a parsed document."""
    return build(
        issuing_state=document.issuing_state,
        document_number=document.document_number,
        nationality=document.nationality,
        surname=document.surname,
        given_names=document.given_names,
        birth_date=document.birth_date,
        sex=document.sex,
        expires_on=document.expires_on,
        optional_data=document.optional_data,
        document_code=document.document_code,
    )
