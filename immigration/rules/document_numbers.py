"""A passport's number as it is compared, however it was typed, read from a zone or written in a record."""

_SEPARATORS = str.maketrans("", "", " -<\t")
_LOOKALIKES = str.maketrans("OI", "01")


def plain(document_number: str) -> str:
    """Upper case, without spaces, hyphens and filler."""
    return document_number.translate(_SEPARATORS).upper()


def folded(document_number: str) -> str:
    """The plain number with the letters that are mistaken for digits as those: O as 0, I as 1.

    It names a passport only where no number is the plain one, and one passport of the state has this form.
    """
    return plain(document_number).translate(_LOOKALIKES)
