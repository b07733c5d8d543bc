"""Names in the letters of a machine readable zone. Source: ICAO Doc 9303-3, 8th edition, section 6."""

import unicodedata

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPACES = frozenset(" -<,\u00a0\u2010\u2011\u2012\u2013\u2014\t\r\n")

# Doc 9303-3, 6.A: what does not come out of taking the accents away. Where the table leaves a choice, its first entry.
_LATIN = {"Ä": "AE", "Å": "AA", "Æ": "AE", "Ð": "D", "Ö": "OE", "Ø": "OE", "Ü": "UE", "Þ": "TH", "ẞ": "SS", "Đ": "D"}
_LATIN |= {"Ħ": "H", "Ĳ": "IJ", "ĸ": "Q", "Ł": "L", "Ŋ": "N", "Œ": "OE", "Ŧ": "T", "Ə": "E"}

# Doc 9303-3, 6.B: Cyrillic, without the variants of single languages (Belarusian and Ukrainian H, Serbian Z ...).
_CYRILLIC = dict(zip("АБВГДЕЁЗИІЙКЛМНОПРСТУФЫЭЇЈЌЎҐЃЂЋѪ", "ABVGDEEZIIIKLMNOPRSTUFYEIJKUGGDCU", strict=True))
_CYRILLIC |= {"Ж": "ZH", "Х": "KH", "Ц": "TS", "Ч": "CH", "Ш": "SH", "Щ": "SHCH", "Ъ": "IE", "Ю": "IU", "Я": "IA"}
_CYRILLIC |= {"Є": "IE", "Љ": "LJ", "Њ": "NJ", "Џ": "DZ", "Ѕ": "DZ", "Ѵ": "Y"}

_TABLE = _LATIN | _CYRILLIC


def transliterate(name: str) -> str:
    """`name` in the letters of a zone: A-Z and single spaces.

    Latin and Cyrillic letters by the tables; hyphens become spaces, apostrophes and full stops go, other marks too.
    A letter of another script has no place in the tables and is left out. Source: Doc 9303-3, 4.6 and section 6.
    """
    pieces: list[str] = []
    for character in unicodedata.normalize("NFC", name).upper():
        plain = _TABLE.get(character) or unicodedata.normalize("NFKD", character)
        pieces.extend(" " if piece in _SPACES else piece for piece in plain if piece in _SPACES or piece in _LETTERS)
    return " ".join("".join(pieces).split())
