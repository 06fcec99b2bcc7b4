"""Words that name nobody: what is not among these, and not in the agent's own texts, is replaced in a fixture."""

from dataclasses import fields

from agent_runtime.conversation.turns.endpointing.words import cue_words

_ENGLISH = """
a about above absolutely across address after afternoon again agent ago ah aha all almost alone along already alright also although always
am amount an and another any anybody anyone anything appointment april are around as ask asked at august available avenue away back bad be
because been before begin behind being below best better between big bit book booked booking both bring but buy by bye call called caller
calling calls came can can't cancel cancelled cannot cash certainly change check cheese city close closed cold come coming confirm connect
correct cost could couldn't customer data date day days december definitely deliver delivered delivery description did didn't different do
does doesn't doing dollar dollars don't done down each early easy either else email end enough error euro euros evening ever every
everything exactly fail failed false far fast february few find fine first for found free friday from front full gave get gets getting give
given go goes going gone good goodbye got great greet greetings had half happy hard has have haven't having he hear heard hello help her
here hers hey hi high him his hold home hope hour hours how however i i'd i'll i'm i've if important in inbox information inside instead
into invalid is isn't it it's item items its january job july june just keep kind know known large last late later least left less let let's
like line list little live long look looking lost lot made mail make many march maybe me mean medium meet message mhm minute minutes mm
mm-hm moment monday money month months more morning most much must my name need never new next nice night no nobody none nor not note
nothing november now null number october of off offer office often oh ok okay old on once one's only open opening or order ordered orders
other our ours out over own paid part pay payment people per perhaps phone pick pizza pizzas place please possible price problem put
quantity question quick quite ready really reason receive reference remember repeat reservation reserve result right road room said sale
same saturday say says second see seem send sent september service set shall she ship shipped shipping should show sir size small so some
somebody someone something soon sorry speak start status stay still stop street sunday sure system table take taken talk tell than thank
thanks that that's the their them then there there's these they they're thing things think this those through thursday time to today
together told tomorrow tonight too took top total track tracking transfer true try tuesday turn uh-huh under understand unit until up upon
us use used very visit wait want wanted warm was wasn't way we we'd we'll we're we've website wednesday week weeks welcome well went were
what what's when where which while who whole why will with within without won't wonder word work worked working would wouldn't wrong yeah
year years yes yesterday yet you you'd you'll you're you've your yours
"""
_SPANISH = """
a adiós ahora ahí al algo alguien allí antes aquí así aunque ayer ayuda bien buenas bueno buenos cada casa cita claro comer como con correo
cosa cual cuando cuesta cuál cuándo cuánto cómo dar de decir del desde después dia dinero dirección donde día días dónde el ella ellos en
entonces entrega era es esa ese eso esta este esto estoy está están euros favor fin gracias gusta gustaría ha hablar había hace hacer hasta
hay he hola hora horas hoy ir la las le les llamar lo los luego mañana me mejor menos mes mi mientras mis momento muchas mucho muy más mí
nada necesito ningún no noche nombre nos nosotros nuestro nunca número o otra otro para pedido pedir pero poco poder podría por porque
precio puede puedo pues que querer quería quiere quiero quisiera qué reserva sabe se ser si siempre sin sino sobre son su sus sé sí también
tan tarde te teléfono tenemos tengo tiempo tiene toda todo tu tú un una usted ustedes va vale vamos ver vez ya yo él
"""
_FRENCH = """
adresse ai aide aller alors appel appeler après as assez au aujourd'hui aussi autre aux avant avec avez avoir avons beaucoup besoin bien bon
bonjour bonsoir c'est car ce cela ces cet cette chez chose combien commande commander comme comment d'accord dans de demain depuis dernier
des deux dire dois donc du elle elles en encore entre est et eu euros faire fait faut fois grand heure heures hier ici il ils j'ai
j'aimerais jamais je jour jours l'adresse la le les leur livraison lui là ma madame mais matin me merci mes moi moins mois moment mon
monsieur ne ni nom non nos notre nous nuit numéro on ont ou oui où par parce parler pas payer peu peut peux plus pour pourquoi pourrais
pouvez premier prendre prix problème puis qu'est quand que quel quelle quelque qui quoi rendez-vous revoir rien s'il sa sans se sera ses si
soir son sont sous suis sur ta table te temps tes toi ton toujours tous tout très tu un une va vais vers veux voilà voir vos votre voudrais
vous vraiment y à ça était être
"""
_GERMAN = """
abend aber adresse alle alles als also am an anrufen auch auf aus bald bei beim bestellen bestellung bezahlen bin bis bisschen bitte da
danke dann das dass dein dem den denn der des dich die dies diese dieser dir doch du durch ein eine einem einen einer er es etwas euch euro
für ganz geben gegen gehen geht genau gern gerne gestern gibt gut guten hab habe haben hallo hat hatte heute hier hilfe hätte ich ihm ihn
ihnen ihr ihre im immer in ist ja jede jetzt kann kein keine kosten kostet können könnte lang lieferung machen mal man mehr mein meine mich
minuten mir mit morgen morgens möchte mögen müssen nach nacht name nein neu nicht nichts nie noch nummer nun nur ob oder ohne preis rechnung
schon sehr sein seine seit sich sie sind so sollen sollte sonst stunde stunden tag tage termin tisch tschüss uhr um und uns unser unter viel
vielen vielleicht vom von vor wann war warum was weil weiter welche wenn wer werden wie wieder wir wird wo woche wohl wollen würde zahlen
zeit zu zum zur zwischen über
"""
_ARTICLES = """
the of and a an at in on to de la el los las y du des le les et der die das den dem von und am im zu
"""
ARTICLES = frozenset(_ARTICLES.split())
"""Not even a part of somebody's name makes these personal."""
DIGITS = (
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    ["cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"],
    ["zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"],
    ["null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"],
)
"""Zero to nine; where two languages share a word, the first one counts."""
BIGGER_NUMBERS = (
    ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
)


def plain_words() -> frozenset[str]:
    """In lower case, of all languages that we know; the words that turn-taking listens for are among them."""
    cues = cue_words("multi")
    phrases = " ".join(" ".join(getattr(cues, field.name)) for field in fields(cues) if field.name != "digits")
    return frozenset(f"{_ENGLISH} {_SPANISH} {_FRENCH} {_GERMAN} {phrases}".casefold().replace("-", " ").split())
