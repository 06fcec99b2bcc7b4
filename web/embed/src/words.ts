/** The widget's words. `{name}` is the agent's name. */

export interface Words {
  open: string;
  running: string;
  close: string;
  talk: string;
  hangUp: string;
  mute: string;
  unmute: string;
  write: string;
  send: string;
  log: string;
  you: string;
  connecting: string;
  listening: string;
  speaking: string;
  muted: string;
  writing: string;
  reconnecting: string;
  over: string;
  lost: string;
  unavailable: string;
  busy: string;
  failed: string;
  denied: string;
  missing: string;
  insecure: string;
  again: string;
  hint: string;
  intro: string;
}

const EN: Words = {
  open: "Open conversation with {name}",
  running: "Conversation with {name} is running, open it",
  close: "Close",
  talk: "Start talking",
  hangUp: "Hang up",
  mute: "Mute microphone",
  unmute: "Unmute microphone",
  write: "Write a message",
  send: "Send",
  log: "Conversation",
  you: "You",
  connecting: "Connecting …",
  listening: "Listening",
  speaking: "{name} is speaking",
  muted: "Your microphone is muted",
  writing: "{name} is writing …",
  reconnecting: "Connection lost, trying again …",
  over: "The conversation has ended.",
  lost: "The connection was lost.",
  unavailable: "{name} is not available at the moment.",
  busy: "All lines are busy. Please try again in a moment.",
  failed: "That did not work. Please write it again.",
  denied: "The microphone is blocked. Allow it for this page in the address bar of your browser, then try again.",
  missing: "No microphone was found, or another program is using it.",
  insecure: "The microphone works only on pages with https.",
  again: "New conversation",
  hint: "Your browser will ask for the microphone.",
  intro: "Talk to {name}, or write a message.",
};

const ES: Words = {
  open: "Abrir la conversación con {name}",
  running: "La conversación con {name} está en curso, abrirla",
  close: "Cerrar",
  talk: "Empezar a hablar",
  hangUp: "Colgar",
  mute: "Silenciar el micrófono",
  unmute: "Activar el micrófono",
  write: "Escriba un mensaje",
  send: "Enviar",
  log: "Conversación",
  you: "Usted",
  connecting: "Conectando …",
  listening: "Escuchando",
  speaking: "{name} está hablando",
  muted: "Su micrófono está silenciado",
  writing: "{name} está escribiendo …",
  reconnecting: "Conexión perdida, reintentando …",
  over: "La conversación ha terminado.",
  lost: "Se ha perdido la conexión.",
  unavailable: "{name} no está disponible en este momento.",
  busy: "Todas las líneas están ocupadas. Inténtelo de nuevo en un momento.",
  failed: "No ha funcionado. Escríbalo de nuevo, por favor.",
  denied: "El micrófono está bloqueado. Permítalo para esta página en la barra de direcciones e inténtelo de nuevo.",
  missing: "No se ha encontrado ningún micrófono, o lo usa otro programa.",
  insecure: "El micrófono solo funciona en páginas con https.",
  again: "Nueva conversación",
  hint: "Su navegador le pedirá permiso para usar el micrófono.",
  intro: "Hable con {name} o escriba un mensaje.",
};

const FR: Words = {
  open: "Ouvrir la conversation avec {name}",
  running: "La conversation avec {name} est en cours, l'ouvrir",
  close: "Fermer",
  talk: "Commencer à parler",
  hangUp: "Raccrocher",
  mute: "Couper le micro",
  unmute: "Activer le micro",
  write: "Écrivez un message",
  send: "Envoyer",
  log: "Conversation",
  you: "Vous",
  connecting: "Connexion …",
  listening: "À l'écoute",
  speaking: "{name} parle",
  muted: "Votre micro est coupé",
  writing: "{name} écrit …",
  reconnecting: "Connexion perdue, nouvel essai …",
  over: "La conversation est terminée.",
  lost: "La connexion a été perdue.",
  unavailable: "{name} n'est pas disponible pour le moment.",
  busy: "Toutes les lignes sont occupées. Veuillez réessayer dans un instant.",
  failed: "Cela n'a pas fonctionné. Veuillez l'écrire à nouveau.",
  denied: "Le micro est bloqué. Autorisez-le pour cette page dans la barre d'adresse, puis réessayez.",
  missing: "Aucun micro trouvé, ou un autre programme l'utilise.",
  insecure: "Le micro ne fonctionne que sur les pages en https.",
  again: "Nouvelle conversation",
  hint: "Votre navigateur demandera l'accès au micro.",
  intro: "Parlez avec {name} ou écrivez un message.",
};

const DE: Words = {
  open: "Gespräch mit {name} öffnen",
  running: "Das Gespräch mit {name} läuft, öffnen",
  close: "Schließen",
  talk: "Gespräch beginnen",
  hangUp: "Auflegen",
  mute: "Mikrofon stummschalten",
  unmute: "Mikrofon einschalten",
  write: "Nachricht schreiben",
  send: "Senden",
  log: "Gespräch",
  you: "Sie",
  connecting: "Verbindung wird hergestellt …",
  listening: "Hört zu",
  speaking: "{name} spricht",
  muted: "Ihr Mikrofon ist stumm",
  writing: "{name} schreibt …",
  reconnecting: "Verbindung verloren, neuer Versuch …",
  over: "Das Gespräch ist beendet.",
  lost: "Die Verbindung ist abgebrochen.",
  unavailable: "{name} ist zurzeit nicht erreichbar.",
  busy: "Alle Leitungen sind belegt. Bitte versuchen Sie es gleich noch einmal.",
  failed: "Das hat nicht geklappt. Bitte schreiben Sie es noch einmal.",
  denied: "Das Mikrofon ist gesperrt. Erlauben Sie es für diese Seite in der Adresszeile und versuchen Sie es erneut.",
  missing: "Es wurde kein Mikrofon gefunden, oder ein anderes Programm benutzt es.",
  insecure: "Das Mikrofon geht nur auf Seiten mit https.",
  again: "Neues Gespräch",
  hint: "Ihr Browser wird nach dem Mikrofon fragen.",
  intro: "Sprechen Sie mit {name}, oder schreiben Sie eine Nachricht.",
};

const IT: Words = {
  open: "Apri la conversazione con {name}",
  running: "La conversazione con {name} è in corso, aprila",
  close: "Chiudi",
  talk: "Inizia a parlare",
  hangUp: "Riaggancia",
  mute: "Disattiva il microfono",
  unmute: "Attiva il microfono",
  write: "Scriva un messaggio",
  send: "Invia",
  log: "Conversazione",
  you: "Lei",
  connecting: "Connessione …",
  listening: "In ascolto",
  speaking: "{name} sta parlando",
  muted: "Il microfono è disattivato",
  writing: "{name} sta scrivendo …",
  reconnecting: "Connessione persa, nuovo tentativo …",
  over: "La conversazione è terminata.",
  lost: "La connessione è stata persa.",
  unavailable: "{name} non è disponibile al momento.",
  busy: "Tutte le linee sono occupate. Riprovi tra poco.",
  failed: "Non ha funzionato. Lo scriva di nuovo, per favore.",
  denied: "Il microfono è bloccato. Lo consenta per questa pagina nella barra degli indirizzi e riprovi.",
  missing: "Nessun microfono trovato, oppure è usato da un altro programma.",
  insecure: "Il microfono funziona solo su pagine https.",
  again: "Nuova conversazione",
  hint: "Il browser chiederà l'accesso al microfono.",
  intro: "Parli con {name} o scriva un messaggio.",
};

const PT: Words = {
  open: "Abrir a conversa com {name}",
  running: "A conversa com {name} está a decorrer, abrir",
  close: "Fechar",
  talk: "Começar a falar",
  hangUp: "Desligar",
  mute: "Silenciar o microfone",
  unmute: "Ativar o microfone",
  write: "Escreva uma mensagem",
  send: "Enviar",
  log: "Conversa",
  you: "Você",
  connecting: "A ligar …",
  listening: "A ouvir",
  speaking: "{name} está a falar",
  muted: "O seu microfone está silenciado",
  writing: "{name} está a escrever …",
  reconnecting: "Ligação perdida, nova tentativa …",
  over: "A conversa terminou.",
  lost: "A ligação foi perdida.",
  unavailable: "{name} não está disponível de momento.",
  busy: "Todas as linhas estão ocupadas. Tente novamente dentro de momentos.",
  failed: "Não resultou. Escreva novamente, por favor.",
  denied: "O microfone está bloqueado. Permita-o para esta página na barra de endereço e tente de novo.",
  missing: "Nenhum microfone encontrado, ou outro programa está a usá-lo.",
  insecure: "O microfone só funciona em páginas com https.",
  again: "Nova conversa",
  hint: "O navegador vai pedir acesso ao microfone.",
  intro: "Fale com {name} ou escreva uma mensagem.",
};

const NL: Words = {
  open: "Gesprek met {name} openen",
  running: "Het gesprek met {name} loopt, openen",
  close: "Sluiten",
  talk: "Begin te praten",
  hangUp: "Ophangen",
  mute: "Microfoon dempen",
  unmute: "Microfoon aanzetten",
  write: "Schrijf een bericht",
  send: "Versturen",
  log: "Gesprek",
  you: "U",
  connecting: "Verbinden …",
  listening: "Luistert",
  speaking: "{name} praat",
  muted: "Uw microfoon is gedempt",
  writing: "{name} schrijft …",
  reconnecting: "Verbinding verbroken, opnieuw proberen …",
  over: "Het gesprek is afgelopen.",
  lost: "De verbinding is verbroken.",
  unavailable: "{name} is op dit moment niet beschikbaar.",
  busy: "Alle lijnen zijn bezet. Probeer het zo meteen opnieuw.",
  failed: "Dat is niet gelukt. Schrijf het alstublieft opnieuw.",
  denied: "De microfoon is geblokkeerd. Sta hem voor deze pagina toe in de adresbalk en probeer het opnieuw.",
  missing: "Er is geen microfoon gevonden, of een ander programma gebruikt hem.",
  insecure: "De microfoon werkt alleen op pagina's met https.",
  again: "Nieuw gesprek",
  hint: "Uw browser vraagt om de microfoon.",
  intro: "Praat met {name} of schrijf een bericht.",
};

export const LANGUAGES: Record<string, Words> = { en: EN, es: ES, fr: FR, de: DE, it: IT, pt: PT, nl: NL };

/** The first of the wanted languages (BCP-47) that there are words for; English otherwise. */
export function languageOf(...wanted: string[]): string {
  return wanted.map((tag) => tag.toLowerCase().split("-")[0] ?? "").find((tag) => tag in LANGUAGES) ?? "en";
}

/** The words with the agent's name in place. */
export function wordsIn(language: string, name: string): Words {
  const words = LANGUAGES[language] ?? EN;
  return Object.fromEntries(Object.entries(words).map(([key, text]) => [key, text.replace("{name}", () => name)])) as unknown as Words;
}
