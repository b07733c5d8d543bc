"""An address in Thailand as a report carries it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """Address lines as on form TM.47; the subdistrict by its TIS 1099 code."""

    house_number: str
    building: str
    moo: str
    soi: str
    road: str
    subdistrict_code: str
    postal_code: str

    def as_dict(self) -> dict[str, str]:
        """The address as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}
