"""A passport's number as it is compared, however it was typed, read from a zone or written in a record."""

import re
import unicodedata

_SEPARATORS = str.maketrans("", "", " -<\t")
_LOOKALIKES = str.maketrans("OI", "01")
_OURS = re.compile(r"\b[RC]\d\d(?:-[0-9A-Z]{1,4}){4}\b", re.I)
_DATES = re.compile(r"\b(?:\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4})\b")
_UNSEEN = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
# Letters, then six digits or more, however they are grouped; or one word of seven to nine signs, four of them digits;
# or six to nine digits beside a letter in a longer word, such as a line of a passport's machine-readable zone.
_LIKE_A_NUMBER = re.compile(
    r"(?<![0-9A-Z])(?:[A-Z]{1,3}[ -]?)?\d(?:[ -]?\d){5,8}[A-Z]?(?![0-9A-Z])"
    r"|(?<![0-9A-Z])(?=(?:[A-Z]*\d){4})[0-9A-Z]{7,9}(?![0-9A-Z])"
    r"|[A-Z<]\d{6,9}(?!\d)|(?<!\d)\d{6,9}[A-Z<]"
)


def plain(document_number: str) -> str:
    """Upper case, without spaces, hyphens and filler."""
    return document_number.translate(_SEPARATORS).upper()


def folded(document_number: str) -> str:
    """The plain number with the letters that are mistaken for digits as those: O as 0, I as 1.

    It names a passport only where no number is the plain one, and one passport of the state has this form.
    """
    return plain(document_number).translate(_LOOKALIKES)


def holds_number(text: str) -> bool:
    """Whether a text seems to hold a passport's number. Numbers of reports and receipts, and dates, are none."""
    folded_text = _DASHES.sub("-", unicodedata.normalize("NFKC", _UNSEEN.sub("", text))).upper()
    return _LIKE_A_NUMBER.search(_DATES.sub(" ", _OURS.sub(" ", folded_text))) is not None
