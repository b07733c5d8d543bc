"""The codes a passport may carry for its issuing state and for its holder's nationality.

Sources: ISO 3166-1 alpha-3 (249 codes, November 2026); ICAO Doc 9303-3, section 5, for the codes that are not in it.
"""

from functools import lru_cache

_ISO = """
    ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR
    BLZ BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP
    CZE DEU DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB
    GNB GNQ GRC GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN
    KAZ KEN KGZ KHM KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD
    MLI MLT MMR MNE MNG MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN
    PCN PER PHL PLW PNG POL PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM
    SPM SRB SSD STP SUR SVK SVN SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR
    UMI URY USA UZB VAT VCT VEN VGB VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
"""
_ICAO = """
    D EUE GBD GBN GBO GBP GBS RKS UNO UNA UNK
    XXA XXB XXC XXX XOM XPO XCC XBA XIM XCE XCO XEC XES XMP XDC
"""

ISO_3166_1 = frozenset(_ISO.split())
ICAO_ONLY = frozenset(_ICAO.split())
"""Germany's D, the kinds of British nationals, Kosovo, the United Nations and other organisations; XXA stateless,
XXB refugee (1951 Convention), XXC other refugee, XXX unspecified. To be compared with the current edition of Doc 9303-3
before a release."""

SPECIMEN = "UTO"
"""Utopia: the issuer of ICAO's specimens, never of a real document."""

_SAME = {"D": "DEU"}


def is_known(code: str, production: bool) -> bool:
    """Whether `code` (upper case, without filler) can stand for an issuing state or a nationality.

    The specimen state is known while developing and testing, never in production.
    """
    return code in ISO_3166_1 or code in ICAO_ONLY or (code == SPECIMEN and not production)


@lru_cache(maxsize=1024)
def canonical(code: str) -> str:
    """The one code under which records are compared: a zone says `D` where ISO 3166-1 says `DEU`; filler is dropped."""
    written = plain(code)
    return _SAME.get(written, written)


def plain(code: str) -> str:
    """A code in upper case, without filler and spaces around it."""
    return code.strip().upper().rstrip("<")
