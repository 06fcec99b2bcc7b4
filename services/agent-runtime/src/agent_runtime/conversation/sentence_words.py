"""Words that tell the end of a sentence from a point inside it."""

from functools import lru_cache

from agent_runtime.conversation.normalise.dates import months
from agent_runtime.conversation.normalise.languages import LANGUAGES

_ORDINAL_LANGUAGES = "de da nb nn no fi et cs sk sl hr sr hu is lv"
_ADDRESS_LEADS = "visit at see on to our website site auf unter unsere besuchen en web visite sur chez notre su sul no em op naar"
_STARTERS = """
The I We You It They He She This That There Please Is Are Do Does Would Will Can Could Should How What When Where Who Why Let And But So If Our
Your My Shall May Have Has Thank Thanks Yes No Okay Sure In On At For Then
Wir Sie Ich Das Der Die Es Ist Sind Möchten Haben Hat Kann Können Soll Darf Bitte Danke Wann Wo Wie Was Wer Welche Und Aber Ihr Ihre Mein Dann
El La Los Las Usted Ustedes Quiere Desea Puede Le Su Sus Nuestro Nuestra Por Para Gracias Si Pero Y Nosotros Ellos Ella Él Este Esta Esto Hay Tenemos
Nous Vous Je Ce Cela On Il Elle Est Les Votre Notre Merci Pour Et Mais Souhaitez Voulez Pouvez
Lo Gli Noi Voi Lei Vuole Posso Grazie O A Os As Você Quer Pode Obrigado Obrigada De Het We Wij U Uw Wilt Kunt Dank
"""
_SHORT_WORDS = "it us me so do go be he we you if in up my by sí ya si tú él mí ti yo da zu an es er du ja um ihm là ça il on tu va où"
_ENDERS = "etc usw ecc enz a.m p.m A.M P.M Inc Ltd Corp Co Jr Sr U.S U.K St Ave Rd Str Std Min min max S.A s.r.l"
_NO_CAPITALS = "max min art es mar ref al ed"
_WORDS_SOMEWHERE = "On es ex wo do Me Fr av ed al ra na U AA Mar Mon Fri Arch temp mind rd bes min"
_MORE = {
    "en": """
Mr Mrs Ms Dr Prof Rev Hon Gen Col Sgt Capt Lt Gov Sen Rep Pres St Mt Ft Ave Blvd Rd Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec
Mon Tue Tues Wed Thu Thurs Fri approx dept est fig vol vols pp ed inc Inc Ltd ltd Corp Co Bros tel ext cf al vs etc hrs mins incl excl temp qty
Nos e.g i.e Ph.D""",
    "es": """
sr sra srta sres dr dra d ud uds vd etc pág págs núm tel aprox av avda art cap ej esq izq dcha prov dpto lic ing gral cía máx mín EE UU FF AA
prof gob fco c a.m p.m""",
    "fr": "M MM Mme Mlle Dr Pr Me etc env ex tél av bd boul art p pp chap fig réf vol éd cf max min janv févr avr juil sept oct nov déc",
    "de": """
Dr Prof Hr Hrn Fr Frl St Str Nr Tel Std Min Mio Mrd MwSt Abt Abs Art Bd Aufl Dipl Ing Jh Jhd Hbf bspw bzw ca etc evtl exkl geb gest ggf inkl
lt max mind min nachm vorm rd sog tägl ugs urspr usf usw vgl zzgl zz allg bes einschl entspr gem ggü insb jährl monatl wöchentl z u a o d h i
Jan Feb Apr Aug Sept Okt Nov Dez""",
    "it": "Sig Sigg Dott Dr Prof Avv Ing Arch Geom Rag On ecc es pag tel ca art cap fig vol nr max min ra na ssa",
    "pt": "Sr Sra Srta Dr Dra Prof Eng Exmo etc pág tel aprox av Av ex n máx mín art cap vol ltda cia Ltda Cia",
    "nl": "dhr mevr mw dr ir ing drs mr prof bijv bv enz ca nr tel incl excl st evt resp max min jl blz art wo do",
}

MONTHS = frozenset(months("de"))
"""After "5." they make it a day, whatever is known of the language."""
ORDINAL_LANGUAGES = frozenset(_ORDINAL_LANGUAGES.split())
"""In these a number with a point is an ordinal."""
ADDRESS_LEADS = frozenset(_ADDRESS_LEADS.split())
"""Before an address of the web: `visit example` may go on with `.com`."""
SHORT_WORDS = frozenset(_SHORT_WORDS.split())
"""Of two letters, and no abbreviations: a full stop behind them needs no second look."""
STARTERS = frozenset(_STARTERS.split())
"""An abbreviation before them was the end of its sentence."""
ENDERS = frozenset(_ENDERS.split())
"""Abbreviations that are as often the last word of their sentence."""


@lru_cache(maxsize=32)
def abbreviations(language: str) -> frozenset[str]:
    """Without their last point. Of a language that is not known: of all of them, without those that are words somewhere."""
    if language not in _MORE:
        known = frozenset[str]().union(*(abbreviations(code) for code in _MORE))
        return known - frozenset(_WORDS_SOMEWHERE.split())
    found = set(_MORE[language].split())
    for name in LANGUAGES[language].abbreviations:
        found.update(part.rstrip(".") for part in name.split() if part.endswith("."))
    found -= {"No", "no"}
    # Written with a capital letter some are names or words.
    return frozenset(found | {name[:1].upper() + name[1:] for name in found if name not in _NO_CAPITALS.split()})
