"""What the platform itself says, in the languages it knows; English for the rest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed sentences of one language. `disclosure` has the place `{name}`; after `last_apology` the number's fallback route may follow."""

    disclosure: str
    greeting: str
    idle_question: str
    farewell: str
    apology: str
    last_apology: str
    filler: str
    transfer: str
    keypad: str
    voicemail: str
    ai_disclosure: str
    """`disclosure` of a call that is not recorded."""


_PHRASES = {
    "en": Phrases(
        "Hello, you are speaking with {name}, an AI assistant, and this call is recorded.",
        "How can I help you?",
        "Are you still there?",
        "Thank you for your call. Goodbye.",
        "I am sorry, I did not get that. Could you say it again?",
        "I am sorry, we have a technical problem at the moment, and I cannot help you any further.",
        "Let me check that for you.",
        "One moment please, I will connect you.",
        "Please type it on the keypad of your phone.",
        "Please leave your message after the tone, and press the hash key when you are done.",
        "Hello, you are speaking with {name}, an AI assistant.",
    ),
    "es": Phrases(
        "Hola, habla con {name}, un asistente de inteligencia artificial, y esta llamada se graba.",
        "¿En qué puedo ayudarle?",
        "¿Sigue usted ahí?",
        "Gracias por su llamada. Adiós.",
        "Lo siento, no le he entendido. ¿Podría repetirlo?",
        "Lo siento, tenemos un problema técnico en este momento y no puedo seguir ayudándole.",
        "Déjeme comprobarlo.",
        "Un momento, por favor, le paso con una persona.",
        "Por favor, márquelo en el teclado de su teléfono.",
        "Por favor, deje su mensaje después de la señal y pulse la tecla almohadilla cuando haya terminado.",
        "Hola, habla con {name}, un asistente de inteligencia artificial.",
    ),
    "fr": Phrases(
        "Bonjour, vous parlez à {name}, un assistant d'intelligence artificielle, et cet appel est enregistré.",
        "Comment puis-je vous aider ?",
        "Êtes-vous toujours là ?",
        "Merci de votre appel. Au revoir.",
        "Excusez-moi, je n'ai pas compris. Pouvez-vous répéter ?",
        "Excusez-moi, nous avons un problème technique en ce moment et je ne peux pas vous aider davantage.",
        "Je vérifie cela pour vous.",
        "Un instant s'il vous plaît, je vous mets en relation.",
        "Veuillez le saisir sur le clavier de votre téléphone.",
        "Veuillez laisser votre message après le signal sonore et appuyer sur la touche dièse quand vous avez terminé.",
        "Bonjour, vous parlez à {name}, un assistant d'intelligence artificielle.",
    ),
    "de": Phrases(
        "Guten Tag, Sie sprechen mit {name}, einem KI-Assistenten, und dieses Gespräch wird aufgezeichnet.",
        "Wie kann ich Ihnen helfen?",
        "Sind Sie noch da?",
        "Vielen Dank für Ihren Anruf. Auf Wiederhören.",
        "Entschuldigung, das habe ich nicht verstanden. Können Sie es bitte wiederholen?",
        "Entschuldigung, wir haben gerade ein technisches Problem, und ich kann Ihnen nicht weiterhelfen.",
        "Ich sehe kurz für Sie nach.",
        "Einen Moment bitte, ich verbinde Sie.",
        "Bitte geben Sie es auf der Tastatur Ihres Telefons ein.",
        "Bitte hinterlassen Sie Ihre Nachricht nach dem Ton, und drücken Sie die Rautetaste, wenn Sie fertig sind.",
        "Guten Tag, Sie sprechen mit {name}, einem KI-Assistenten.",
    ),
    "nl": Phrases(
        "Hallo, u spreekt met {name}, een AI-assistent, en dit gesprek wordt opgenomen.",
        "Waarmee kan ik u helpen?",
        "Bent u er nog?",
        "Bedankt voor uw telefoontje. Tot ziens.",
        "Sorry, dat heb ik niet verstaan. Kunt u het herhalen?",
        "Sorry, we hebben op dit moment een technisch probleem en ik kan u niet verder helpen.",
        "Ik kijk het even voor u na.",
        "Een moment alstublieft, ik verbind u door.",
        "Toets het alstublieft in op uw telefoon.",
        "Spreek uw bericht in na de toon en druk op het hekje als u klaar bent.",
        "Hallo, u spreekt met {name}, een AI-assistent.",
    ),
    "pt": Phrases(
        "Olá, está a falar com {name}, um assistente de inteligência artificial, e esta chamada é gravada.",
        "Como posso ajudar?",
        "Ainda está aí?",
        "Obrigado pela sua chamada. Adeus.",
        "Desculpe, não percebi. Pode repetir?",
        "Desculpe, temos um problema técnico neste momento e não posso continuar a ajudar.",
        "Deixe-me verificar.",
        "Um momento, por favor, vou transferir a chamada.",
        "Por favor, digite-o no teclado do seu telefone.",
        "Por favor, deixe a sua mensagem após o sinal e prima a tecla cardinal quando terminar.",
        "Olá, está a falar com {name}, um assistente de inteligência artificial.",
    ),
    "it": Phrases(
        "Salve, sta parlando con {name}, un assistente di intelligenza artificiale, e questa chiamata viene registrata.",
        "Come posso aiutarla?",
        "È ancora in linea?",
        "Grazie per la chiamata. Arrivederci.",
        "Mi scusi, non ho capito. Può ripetere?",
        "Mi scusi, abbiamo un problema tecnico in questo momento e non posso aiutarla oltre.",
        "Controllo subito.",
        "Un momento per favore, la metto in contatto con una persona.",
        "Lo digiti per favore sulla tastiera del telefono.",
        "Lasci il suo messaggio dopo il segnale acustico e prema il tasto cancelletto quando ha finito.",
        "Salve, sta parlando con {name}, un assistente di intelligenza artificiale.",
    ),
}


def phrases_for(language: str) -> Phrases:
    """By BCP-47 tag; only its language part counts."""
    return _PHRASES.get(language.replace("_", "-").split("-")[0].lower(), _PHRASES["en"])
