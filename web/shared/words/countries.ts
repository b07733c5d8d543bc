/** States that issue passports: their three-letter code, with the two-letter one that `Intl` has names for. */

// ISO 3166-1, alpha-3 and alpha-2 written together; `immigration/rules/nationalities.py` has the same 249.
const CODES = `
  ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI
  BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT
  BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU
  CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET
  FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR
  GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR
  IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW LAOLA LBNLB
  LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH
  MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE
  NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL
  PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ
  SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC
  TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY
  USAUS UZBUZ VATVA VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
`;

/** Codes in passports that are not in ISO 3166-1 (ICAO Doc 9303-3, section 5), with the words a passport shows. */
const OTHERS: Record<string, string> = {
  GBD: "British Overseas Territories",
  GBN: "British National (Overseas)",
  GBO: "British Overseas citizen",
  GBP: "British protected person",
  GBS: "British subject",
  EUE: "European Union",
  RKS: "Kosovo",
  UNO: "United Nations",
  UNA: "United Nations agency",
  XOM: "Sovereign Military Order of Malta",
  XXA: "Stateless person",
  XXB: "Refugee (1951 Convention)",
  XXC: "Refugee (other)",
  XXX: "Nationality not given",
};

export type Country = { code: string; name: string; english: string };

const PAIRS = CODES.trim().split(/\s+/).map((both) => [both.slice(0, 3), both.slice(3)] as const);

/** Every state in the words of a language, sorted by them. */
export function countries(language: string): Country[] {
  const own = new Intl.DisplayNames([language], { type: "region" });
  const english = new Intl.DisplayNames(["en"], { type: "region" });
  const found = PAIRS.map(([code, short]) => ({ code, name: own.of(short) ?? code, english: english.of(short) ?? code }));
  for (const [code, name] of Object.entries(OTHERS)) found.push({ code, name, english: name });
  return found.sort((a, b) => a.name.localeCompare(b.name, language));
}

/** Letters without accents and case, for comparing what people type. */
export function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

/** The states that a typed text may mean, likeliest first: by code, by the start of a name, by a part of it. */
export function matching(list: Country[], typed: string, most = 6): Country[] {
  const wanted = folded(typed);
  if (!wanted) return [];
  const rank = (one: Country): number => {
    if (one.code.toLowerCase() === wanted) return 0;
    const names = [folded(one.name), folded(one.english)];
    if (names.includes(wanted)) return 1;
    if (names.some((name) => name.startsWith(wanted))) return 2;
    return names.some((name) => name.includes(wanted)) ? 3 : 9;
  };
  const ranked = list.map((one) => [rank(one), one] as const).filter(([grade]) => grade < 9);
  return ranked.sort((a, b) => a[0] - b[0]).slice(0, most).map(([, one]) => one);
}
