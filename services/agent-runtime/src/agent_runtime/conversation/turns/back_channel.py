"""Words by which a listener says only that he listens: "mm-hm", "okay", "sí, sí". Pure.

Callers do not always speak the agent's language, and nods are much the same everywhere: all languages count at once. A word that anywhere is more
than a nod (an order, a refusal, a question) is in no list.
"""

from typing import Final

from agent_runtime.conversation.turns.speculation import bare_words

MOST_WORDS: Final = 6
"""Who says more than this wants to be heard."""
_FEW_LETTERS: Final = 3
"""A longer piece of one word is more likely another word."""

_LISTS: Final = {
    "sounds": "m, mm, mmm, hm, hmm, mhm, mm hm, mmhm, mm hmm, mmhmm, uh huh, uhhuh, aha, ah, oh, eh, uh, um, mhmm, uhum, aham, ahem",
    "en": "ok, okay, k, yeah, yes, yep, yup, ya, right, sure, alright, all right, i see, got it, gotcha, i got it, of course, great, good, fine, "
    "cool, nice, perfect, exactly, absolutely, indeed, true, i understand, understood, makes sense, sounds good, very good, very well, go on, "
    "that's right, oh okay, oh i see, oh yes, yes i see, yes of course, well okay, wonderful, lovely, excellent, go ahead",
    "es": "sí, si, vale, claro, claro que sí, ya, ya veo, ajá, de acuerdo, bueno, bien, muy bien, entiendo, entendido, exacto, perfecto, "
    "por supuesto, eso es, así es, está bien, okey, genial, correcto, cierto",
    "fr": "oui, ouais, d'accord, bien sûr, je vois, voilà, exactement, entendu, très bien, hum, euh, c'est ça, tout à fait, je comprends, compris, "
    "parfait, bien, bon, ah bon, ah oui, ok d'accord, ça marche, en effet",
    "de": "ja, jaja, genau, gut, klar, stimmt, ach so, achso, ach ja, verstehe, ich verstehe, richtig, in ordnung, alles klar, sicher, natürlich, "
    "na klar, sehr gut, okey, jawohl, jo, prima, super, schön, passt, gerne, verstanden, eben",
    "it": "sì, va bene, certo, capito, ho capito, esatto, d'accordo, bene, giusto, perfetto, ecco, capisco, certamente",
    "pt": "sim, tá, tá bom, tá certo, está bem, certo, entendi, pois, pois é, isso, claro que sim, compreendo, percebo, perfeito, beleza",
    "nl": "oké, goed, klopt, precies, zeker, prima, natuurlijk, ik snap het, ik begrijp het, inderdaad, juist, jawel",
    "pl": "tak, dobrze, jasne, rozumiem, no tak, aha, dokładnie, oczywiście, okej",
    "nordic": "jo, precis, okej, just det, visst, javisst, bra, ja visst, netop, nemlig, akkurat, det stemmer, jeg forstår, jag förstår",
    "tr": "evet, tamam, anladım, peki, tabii, doğru, olur",
    "ru": "да, угу, ага, хорошо, понятно, ладно, ясно, конечно, да да, так, верно, окей",
    "uk": "так, добре, зрозуміло, звісно, гаразд",
    "ar": "نعم, أيوه, طيب, تمام, حسنا, صح, أكيد, مفهوم",
    "hi": "हाँ, हां, जी, जी हाँ, अच्छा, ठीक है, ठीक, सही, हम्म, समझ गया, haan, accha, theek hai",
    "ja": "はい, うん, ええ, そうですね, なるほど, そうですか, わかりました, へえ",
    "zh": "嗯, 好, 好的, 对, 是, 是的, 知道了, 明白, 行",
    "ko": "네, 예, 응, 그렇군요, 알겠습니다, 맞아요",
}
_PHRASES: Final = frozenset(bare for words in _LISTS.values() for phrase in words.split(",") if (bare := bare_words(phrase)))
_LONGEST: Final = max(len(phrase.split()) for phrase in _PHRASES)
_BEGINNINGS: Final = frozenset(" ".join(phrase.split()[:count]) for phrase in _PHRASES for count in range(1, len(phrase.split())))
_UNSPACED: Final = frozenset(phrase for words in (_LISTS["ja"], _LISTS["zh"], _LISTS["ko"]) for phrase in map(bare_words, words.split(",")))


def is_back_channel(text: str) -> bool:
    """True when the whole of it is nods."""
    words = bare_words(text).split()
    return 0 < len(words) <= MOST_WORDS and _is_nods(words)


def may_become_back_channel(text: str) -> bool:
    """True for the beginning of one: the last words, or the last letters, of an interim text may be unfinished."""
    words = bare_words(text).split()
    if len(words) > MOST_WORDS:
        return False
    return any(_is_nods(words[:split]) and _is_beginning(" ".join(words[split:])) for split in range(max(0, len(words) - _LONGEST), len(words) + 1))


def _is_nods(words: list[str]) -> bool:
    if not words:
        return True
    if len(words) == 1 and _is_unspaced_nods(words[0]):
        return True
    return any(" ".join(words[:count]) in _PHRASES and _is_nods(words[count:]) for count in range(1, min(_LONGEST, len(words)) + 1))


def _is_unspaced_nods(word: str) -> bool:
    """Where no spaces are written: はいはい."""
    return not word or any(word.startswith(nod) and _is_unspaced_nods(word[len(nod) :]) for nod in _UNSPACED)


def _is_beginning(text: str) -> bool:
    if not text or text in _BEGINNINGS:
        return True
    return (len(text) <= _FEW_LETTERS or " " in text) and any(phrase.startswith(text) for phrase in _PHRASES)
