"""Things callers say in any conversation. English."""

import re
from typing import Final

from agent_runtime.providers.vendors.offline.brain.words import normalised

_SHORT: Final = 14
_BYE: Final = re.compile(
    r"\b(good ?bye|bye( bye)?|hang up|have a (nice|good|great) (day|one|evening)|talk to you later|"
    r"see you)\b"
)
_ALL: Final = re.compile(
    r"\b(that( i|'?)s (all|it|everything)|that is (all|it|everything)|that will be all|nothing (else|more)|no more questions|i'?m (done|"
    r"all set)|we are done|all set)\b"
)
_HUMAN: Final = re.compile(
    r"\b((speak|talk|connect|transfer|put|switch|hand|pass)\b.*\b(human|person|someone|somebody|operator|representative|manager|"
    r"employee|colleague|staff|agent)"
    r"|(real|actual|live) (human|person|agent|operator)|human being|an? (human|operator|representative)( please)?$|customer service)\b"
)
_IDENTITY: Final = re.compile(
    r"\b(who are you|what are you|are you (a |an )?(human|robot|real|machine|computer|bot|ai|person|artificial)|am i (talking|speaking) to|"
    r"who am i (talking|speaking)|what model|which model|what is your name|what's your name)\b"
)
_CANCEL: Final = re.compile(
    r"\b(never ?mind|forget (it|that|about it)|cancel( that| it)?|i changed my mind|i don'?t want (to|that|it|this)( any ?more)?|"
    r"leave it|stop that|no thank you|no thanks)\b"
)
_REPEAT: Final = re.compile(
    r"\b(pardon|repeat|say (that|it) again|come again|what did you (say|ask)|didn'?t (hear|catch|understand)|"
    r"excuse me)\b"
)
_HAVE_QUESTION: Final = re.compile(r"\b(i have (a|another|one more|one) question|can i ask (you )?(something|a question)|let me ask)\b")
_HOLD: Final = re.compile(r"^((no )?(wait|stop|hold on|one moment|(just )?(a|one) (second|moment|minute)|please|sorry|excuse me) ?)+$")
_ABILITIES: Final = re.compile(r"\b(what (can|do) you (do|offer|help with)|how can you help|what are my options|what can i (do|ask)|^help( me)?$)")
_YES: Final = re.compile(
    r"^(yes|yeah|yep|yup|sure|of course|correct|right|exactly|okay|ok|absolutely|please do|go ahead|definitely|that is (right|correct)|"
    r"that's (right|correct)|i do|i would|alright|all right|fine)\b"
)
_NO: Final = re.compile(r"^(no|nope|nah|not|never|i don'?t|i do not|don'?t|do not|negative)\b")
_THANKS: Final = re.compile(
    r"^(?:(?:ok|okay|alright|all right|oh|well|yes) )?(thank you|thanks|great|perfect|wonderful|very good|good|cool|awesome|nice)"
    r"( (so|very) much| a lot| thank you| thanks)*$"
)
_GREETING: Final = re.compile(
    r"^(hello|hi|hey|good (morning|afternoon|evening|day))( (there|hello|hi|good (morning|afternoon|"
    r"evening)))*$"
)
_QUESTION: Final = re.compile(
    r"^(what|when|where|which|who|why|how|is|are|do|does|did|can|could|will|would|may|have you|has)\b(?!.*\b(i (have|get|order|book|"
    r"take|want)|we (have|get|order|book))\b)"
)
_CORRECTION: Final = re.compile(
    r"^(?:no|nope|sorry|actually|wait|oh|correction|well)?[\s,.]*(?:no|sorry|actually|wait|not that|i meant|i mean|i said|make (?:it|that)|"
    r"change (?:it|that|the [a-z ]+?) to|it should be|it's actually|rather|instead)\b[\s,.]*(?:i meant|i mean|i said|make (?:it|that)|"
    r"it's|it is|the)?[\s,.]*(.+)$",
    re.IGNORECASE,
)
_WISH: Final = re.compile(
    r"\b(i'?d like|i would like|i want|i need|can i (have|get)|could i (have|get)|i'?ll (have|take)|give me|let me have|please|we need|we want)\b"
)
_LEAD: Final = re.compile(
    r"^(?:(?:um+|uh+|er|well|so|okay|ok|yes|yeah|sure|oh|hi|hello|right)\b[\s,.]*)*"
    r"(?:(?:it's|it is|its|this is|that's|that is|that would be|it would be|i'd like(?: to (?:order|have|get|book|say))?|"
    r"i would like(?: to (?:order|have|get|book|say))?"
    r"|i want(?: to (?:order|have|get|book|say))?|i need|i'll (?:have|take)|can i (?:have|get)|could i (?:have|get)|give me|please|"
    r"my name is|i am|i'm|call me"
    r"|(?:the|my) (?:[a-z]+ ){0,2}?(?:is|are|would be|number is)|tell (?:him|her|them)(?: that)?|just|say|in the|on the)\b[\s,:]*)?",
    re.IGNORECASE,
)
_FILLER: Final = re.compile(
    r"^(?:(?:um+|uh+|er|well|so|okay|ok|yes|yeah|sure|oh|please|just|say|tell (?:him|her|them|you)(?: that)?)\b[\s,.]*)+", re.IGNORECASE
)


def says_goodbye(text: str) -> bool:
    """The caller takes leave, or says that everything is done."""
    spoken = normalised(text)
    # A letter ends with wishes for the day too.
    return len(spoken.split()) <= _SHORT and bool(_BYE.search(spoken) or _ALL.search(spoken))


def asks_for_human(text: str) -> bool:
    """The caller wants a person."""
    return bool(_HUMAN.search(normalised(text)))


def asks_identity(text: str) -> bool:
    """The caller wants to know what is talking."""
    return bool(_IDENTITY.search(normalised(text)))


def cancels(text: str) -> bool:
    """The caller drops the matter at hand; only short utterances count, `cancel my order` is a wish."""
    spoken = normalised(text)
    return (bool(_CANCEL.search(spoken)) and len(spoken.split()) <= 6) or spoken in ("no", "nope", "i do not want to say that", "stop")


def asks_to_repeat(text: str) -> bool:
    """The caller did not understand."""
    return bool(_REPEAT.search(normalised(text))) and len(text.split()) <= 9


def announces_question(text: str) -> bool:
    """`Wait, I have a question`, without the question itself."""
    spoken = normalised(text)
    return bool(_HOLD.match(spoken)) or (bool(_HAVE_QUESTION.search(spoken)) and len(spoken.split()) <= 9)


def asks_abilities(text: str) -> bool:
    """`What can you do?`"""
    return bool(_ABILITIES.search(normalised(text)))


def is_yes(text: str) -> bool:
    """An agreement."""
    return bool(_YES.match(normalised(text)))


def is_no(text: str) -> bool:
    """A refusal."""
    return bool(_NO.match(normalised(text)))


def is_thanks(text: str) -> bool:
    """Nothing but thanks or praise."""
    return bool(_THANKS.match(normalised(text)))


def is_greeting(text: str) -> bool:
    """Nothing but a greeting."""
    return bool(_GREETING.match(normalised(text)))


def is_question(text: str) -> bool:
    """A question, not a wish in the form of one (`can I have two pizzas?`)."""
    return bool(_QUESTION.match(normalised(text))) or (text.rstrip().endswith("?") and not _WISH.search(normalised(text)))


def is_wish(text: str) -> bool:
    """`I would like`, `can I have` and the like."""
    return bool(_WISH.search(normalised(text)))


def correction(text: str) -> str | None:
    """`no, three` → `three`; None when nothing is put right."""
    found = _CORRECTION.match(text.strip())
    rest = found[1].strip(" .,!") if found else ""
    return rest if rest and not is_thanks(rest) else None


def without_filler(text: str) -> str:
    """A message as it was said, without `um`, `well` and `tell him that`."""
    return _FILLER.sub("", text.strip(), count=1).strip(" ,.;:!?")


def without_lead(text: str) -> str:
    """The answer without `my name is`, `I would like` and the like."""
    stripped = text.strip()
    rest = _LEAD.sub("", stripped, count=1).strip(" ,.;:!?")
    return rest or stripped.strip(" ,.;:!?")
