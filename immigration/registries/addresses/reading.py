"""What people type, read as words: small letters, no accents, no punctuation, no words that only name a level."""

import re
import unicodedata

from immigration.rules.romanisation import fold

MOST_WORDS = 16
"""Words between two commas that are read."""

LEVEL_WORDS = frozenset({
    "khwaeng", "kwaeng", "khet", "tambon", "tumbon", "tambol", "tumbol", "subdistrict",
    "amphoe", "amphur", "amphor", "amphu", "ampur", "amper", "ampher", "aumphur", "district",
    "changwat", "jangwat", "province", "thailand",
})  # fmt: skip
"""Words that only say that a subdistrict, a district or a province follows, or where all of them are."""

_LEVEL_LETTER = re.compile(r"(?<![a-z0-9])[takpcj]\.\s*(?=[a-z])")
_BEFORE_NUMBER = re.compile(r"(?<![a-z])(?:soi|moo|mu|m|no)\.?\s*(?=[0-9])")
_THAI_LEVEL = re.compile(r"(?<![\u0e00-\u0e7f])(?:แขวง|เขต|ตำบล|กิ่งอำเภอ|อำเภอ|จังหวัด|[ตอจ]\.(?![ก-ฮ]\.))")
_WORD = re.compile(r"[0-9]+|[a-z]+|[\u0e00-\u0e7f]+")
_MARKS = re.compile("[\u0300-\u036f'’ʼ`ฯ]")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def plain(text: str) -> str:
    """One form for names and queries: small letters without accents, decimal digits, Thai in one encoding."""
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text)).translate(_THAI_DIGITS).replace("เเ", "แ")
    return text.lower().replace("'", "").replace("sub-district", "subdistrict")


def words_of(name: str) -> list[str]:
    """The words of a name: letters of one script, or digits."""
    return _WORD.findall(plain(name))


def phrases(query: str) -> list[list[str]]:
    """The words of each phrase of a query, without `T.` and `A.` before a name and `Soi` and `Moo` before a number."""
    text = _BEFORE_NUMBER.sub(" ", _LEVEL_LETTER.sub(" ", _THAI_LEVEL.sub(" ", plain(query))))
    return [_WORD.findall(phrase)[:MOST_WORDS] for phrase in re.split(r"[,;/\n\t]", text)]


def key_of(words: list[str]) -> str:
    """The key under which a name is listed: folded if it is in Latin letters, else the words without spaces."""
    joined = "".join(words)
    return fold(joined) if joined.isascii() and joined.isalpha() else joined
