"""Thai addresses: subdistricts by code and postal code, and the search for what people type."""

from immigration.registries.addresses.search import MAX_QUERY, load, search
from immigration.registries.addresses.subdistricts import (
    MOST,
    Subdistrict,
    all_subdistricts,
    by_postal_code,
    lookup,
    suggestions,
)

__all__ = [
    "MAX_QUERY",
    "MOST",
    "Subdistrict",
    "all_subdistricts",
    "by_postal_code",
    "load",
    "lookup",
    "search",
    "suggestions",
]
