"""Where people of the demo country live, and where they come in: weighted towards the places they live in life."""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

from immigration.registries import addresses, offices

# Provinces by TIS 1099 code. Bangkok, Chon Buri, Phuket, Chiang Mai, Hua Hin and Samui for the one; the fisheries and
# factories around the Gulf and the border towns for the other.
_PROVINCES = {
    "worker": {"74": 20, "10": 19, "11": 12, "13": 9, "20": 10, "21": 5, "50": 4, "63": 4, "85": 2, "83": 4, "90": 3,
               "84": 3, "12": 2, "73": 3, "30": 2, "14": 2, "27": 1},
    "asia": {"10": 55, "20": 14, "50": 7, "83": 6, "11": 4, "12": 3, "21": 4, "13": 2, "14": 2, "30": 1, "84": 2},
    "west": {"10": 30, "20": 22, "83": 13, "50": 11, "77": 7, "84": 6, "12": 2, "41": 2, "40": 2, "30": 2, "57": 1,
             "21": 1, "81": 1},
}  # fmt: skip

# Where most of the foreigners of a province live.
_FAVOURITES = {
    "10": ["103901", "103902", "103903", "103301", "103303", "102801", "102803", "100402", "100403", "101702", "103701",
           "101502", "104702", "100702"],
    "20": ["200402", "200402", "200408", "200401", "200108", "200703"],
    "50": ["500108", "500101", "500102", "500115", "500703", "501901"],
    "74": ["740101", "740102", "740103", "740110", "740201"],
    "77": ["770701", "770702", "770703"],
    "83": ["830107", "830108", "830102", "830202", "830302", "830106"],
    "84": ["840405", "840406", "840402", "840501", "840502"],
}  # fmt: skip

_SOIS = ["Sukhumvit", "Ratchadaphisek", "Phahonyothin", "Silom", "Sathon", "Rama 4", "Lat Phrao", "On Nut"]
_HOSTS = ["Landlord", "Landlord", "Landlord", "Condominium", "Employer", "Spouse", "Hotel", "Host family"]
_AIRPORTS = {"83": "Phuket", "84": "Samui", "50": "Chiang Mai", "81": "Krabi", "90": "Hat Yai"}
_BORDERS = {"MMR": ["Mae Sot", "Mae Sai", "Ranong"], "LAO": ["Nong Khai", "Mukdahan"]}
_BORDERS |= {"KHM": ["Aranyaprathet", "Hat Lek"], "MYS": ["Sadao", "Padang Besar"], "VNM": ["Mukdahan"]}


@dataclass(frozen=True, slots=True)
class Place:
    """An address: subdistrict code, house and road in one line, and the province and office it belongs to."""

    subdistrict_code: str
    line: str
    province_code: str
    office: str


def choose_place(rng: Random, group: str, *, outside: str = "") -> Place:
    """Somewhere to live for people of the group; not in the province `outside`."""
    provinces, weights = _weighted(group)
    province = outside
    while province == outside:
        province = rng.choices(provinces, cum_weights=weights)[0]
    favourites = _FAVOURITES.get(province)
    code = rng.choice(favourites if favourites and rng.random() < 0.7 else _subdistricts()[province])
    return Place(code, _line(rng, province), province, offices.office_for(province).code)


def checkpoint(rng: Random, nation: str, province: str) -> str:
    """Where someone of the nation who lives in the province crosses the border."""
    borders = _BORDERS.get(nation)
    if borders and rng.random() < 0.8:
        return rng.choice(borders)
    if province in _AIRPORTS and rng.random() < 0.6:
        return _AIRPORTS[province]
    return "Suvarnabhumi" if rng.random() < 0.8 else "Don Mueang"


def host(rng: Random) -> str:
    """Who notified the residence (TM.30)."""
    return rng.choice(_HOSTS)


def _line(rng: Random, province: str) -> str:
    house = f"{rng.randrange(1, 999)}/{rng.randrange(1, 240)}" if rng.random() < 0.7 else str(rng.randrange(1, 999))
    if province == "10":
        road = rng.choice(_SOIS)
        return f"{house} Soi {road} {rng.randrange(1, 99)}, {road} Road"
    return f"{house} Moo {rng.randrange(1, 13)}"


@cache
def _subdistricts() -> dict[str, list[str]]:
    """The subdistricts of every province."""
    places: dict[str, list[str]] = {}
    for one in addresses.all_subdistricts():
        places.setdefault(one.province_code, []).append(one.code)
    return places


@cache
def _weighted(group: str) -> tuple[list[str], list[int]]:
    """Provinces and their weights added up. The favourites must be in the data: a typing error is an error at once."""
    unknown = [code for codes in _FAVOURITES.values() for code in codes if addresses.lookup(code) is None]
    if unknown:
        raise ValueError(f"no such subdistricts: {unknown}")
    return list(_PROVINCES[group]), list(accumulate(_PROVINCES[group].values()))
