"""Spellings of Thai names in Latin letters, folded so that the ways of writing one name become one key.

The official names follow the Royal Thai General System (RTGS), which writes what is heard: `Si Racha`, `Chatuchak`,
`Samut Prakan`. People write what they have seen on signs, tickets and leases: `Sriracha`, `Jatujak`, `Samutprakarn`.
Three habits explain nearly all the differences, and each is one step here:

1. consonants: an h is added or left out (`Klong`, `Khlong`), Indic letters are kept (`Dhonburi`, `Vadhana`, `Sri`), or
   English ones are used (`j` for ch, `g` for k);
2. vowels: English ones are used (`ee`, `oo`, `er`, `or`, `aw`, the silent e of `-loke`), or one that English does not
   have is written with other letters (`Nua`, `Nuea`; `Kaew`, `Kaeo`; `Chieng`, `Chiang`);
3. last consonants of a syllable: Thai has eight, and people keep the letter that is written instead (`Cholburi`,
   `Had Yai`, `Lobburi`, `Praves`).

The key is not for reading. Different names can have one key (`Tha Chang`, `Ta Chang`), so an exact name goes first.
"""

import re

_CONSONANTS = {
    "tch": "c", "ch": "c", "sh": "c", "j": "c",
    "ph": "p", "bh": "p", "th": "t", "dh": "t", "kh": "k", "gh": "k",
    "ng": "ŋ", "g": "k", "q": "k", "v": "w", "z": "s", "sr": "s", "ll": "l",
    "aa": "a", "ee": "i", "oo": "u", "ou": "u",
}  # fmt: skip

# After the consonants. The longest fits first; what is followed by a vowel begins a syllable of its own, as in Sawan.
_VOWELS = {
    "uea": "ua", "eua": "ua", "uua": "ua",
    "eoŋ": "øŋ", "aeo": "ew", "aew": "ew", "eow": "ew", "eaw": "ew", "eo": "ew",
    "iao": "iw", "iaw": "iw", "iew": "iw", "ieo": "iw", "iow": "iw", "io": "iw", "iu": "iw",
    "ae": "e", "ea": "e", "oe": "ø", "ue": "u", "eu": "u", "ie": "ia", "au": "o",
}  # fmt: skip
_VOWELS_AT_THE_END = {
    "aow": "ao", "ow": "ao", "aw": "o",
    "eur": "ø", "er": "ø", "ur": "ø", "or": "o", "ar": "a", "ir": "i",
    "oh": "o", "ah": "a", "eh": "e", "uh": "u", "ih": "i",
}  # fmt: skip

_LAST = {"l": "n", "d": "t", "s": "t", "b": "p"}

_NOT_A_LETTER = re.compile(r"[^a-z]+")
_CONSONANT = re.compile("|".join(_CONSONANTS))
_Y_AFTER_VOWEL = re.compile("y(?![aeiou])")
_VOWEL = re.compile(
    f"(?:{'|'.join(_VOWELS_AT_THE_END)})(?![aeiou])|" + "|".join(sorted(_VOWELS, key=len, reverse=True)),
)
_LAST_CONSONANT = re.compile("(?<=[aeiouø])(?:[ldsb](?![aeiouøhrl])|c$)")
_UNVOICED = str.maketrans("bdf", "ptp")
_ANY_VOWEL = re.compile("[aeiouø]")
_SILENT_E = re.compile("(?<=o[kl])e$")
_TWICE = re.compile(r"(.)\1+")


def fold(name: str) -> str:
    """The key under which all spellings of a name are found; lower-case Latin letters go in, all else is dropped."""
    key = _SILENT_E.sub("", _NOT_A_LETTER.sub("", name))
    key = _CONSONANT.sub(lambda spelling: _CONSONANTS[spelling[0]], key)
    key = _Y_AFTER_VOWEL.sub("i", key)
    key = _VOWEL.sub(lambda spelling: _VOWELS_AT_THE_END.get(spelling[0]) or _VOWELS[spelling[0]], key)
    key = _LAST_CONSONANT.sub(lambda letter: _LAST.get(letter[0], "t"), key)
    return _TWICE.sub(r"\1", key.replace("y", "i"))


def neighbours(key: str) -> set[str]:
    """The key, and the key with any one letter left out; keys that differ by a letter share one of these."""
    return {key, *(key[:place] + key[place + 1 :] for place in range(len(key)))}


def differs_by_a_letter(key: str, other: str) -> bool:
    """Whether two keys are the same but for a letter too many, too few or wrong, or two that changed places."""
    if len(key) != len(other):
        shorter, longer = sorted((key, other), key=len)
        return len(longer) == len(shorter) + 1 and shorter in neighbours(longer)
    places = [place for place, letter in enumerate(key) if letter != other[place]]
    if len(places) < 2:
        return True
    first, last = places[0], places[-1]
    return last == first + 1 and key[first] == other[last] and key[last] == other[first]


def skeleton(key: str) -> str:
    """The consonants of a key: what is left when the vowels are not to be trusted (`Kumpangpetch`, `Smutsakorn`).

    Sounds that are written with b or p, d or t are not told apart either.
    """
    return _TWICE.sub(r"\1", _ANY_VOWEL.sub("", key).translate(_UNVOICED))
