"""Texts with a bar where a sentence ends. A bar stands for one space; in Chinese and Japanese for nothing."""

ENGLISH = """
Hello there.|How are you?
Dr. Smith is in.|He waits.
Ask Mrs. Jones or Mr. Brown.|They know.
It costs 3.5 dollars.|Fine?
Version 2.0.1 is out.|Please update.
See www.example.com/a.b or mail a.b@example.com.|Thanks!
Go to https://example.com/shop?id=5&x=1.|Then log in.
We open at 9 a.m. on Monday.|Good.
We close at 5 p.m.|Please come earlier.
He said "Stop."|Then he left.
“Are you there?” she asked.|Nobody answered.
"Really?!" he said.|I nodded.
Wait... what?|Yes!
Hmm… let me see.|Found it.
Well...|The shop is closed.
J. R. Smith called.
John F. Kennedy spoke first.|Then others.
The U.S. market is big.|We sell there.
He lives in the U.S.|He likes it.
She has a Ph.D. in physics.|Impressive.
No. 5 is ready.|Take it.
I said no.|You agreed.
Order No. 42 has left.|It arrives today.
Nos. 3 and 4 are free.
That is it!|Right?!|Yes.
What?!|Are you sure?
Turn left on Main St. and stop.|You are there.
He lives in St. Louis.|It is hot.
St. Mary's is closed.
We need approx. five days.|Is that fine?
Bring pens, paper, etc. to class.|See you.
Bring pens, paper, etc.|We have the rest.
E.g. a rose, i.e. a flower.|Okay?
Use a tool, e.g. a hammer.|It helps.
Acme Inc. is our partner.|Call them.
It is Acme Ltd.|They are nice.
Fig. 3 shows it.|See vol. 2, pp. 4 to 6.
The total is $12.50.|Is that fine?
It is 5.|Then it is 6.
I have 21.|You have 3.
Room 12 is on floor 3.|Take the lift.
Is it 3.14?|Or 3.15?
The file is called notes.txt.|Open it.
We use Node.js and ASP.NET here.|They are fine.
Mail us at info@shop.co.uk.|We answer fast.
Call 555-0100.|Ask for Ann.
It's 10.30 already.|Hurry up.
One more thing: stay calm.|Okay.
Yes, I can.|No, I cannot.
Sure!|I'd love to help.
Thank you 😊.|Bye!
Great!|🎉 Your table is booked.
(It is free.)|Come in.
It is free (really).|Come in.
[Note: closed.]|Sorry.
**Important.**|Read this.
He works at Google.|She works at Apple.
Plan B is ready.|So is plan C.
We meet on Jan. 5 at noon.|Bring Bob.
We meet on Mon. at noon.|Bring Bob.
Ask Prof. Lee.|She knows.
Rev. King and Gen. Lee met.|They talked.
Lt. Dan is here.|Say hi.
Smith vs. Jones is on.|Watch it.
It weighs 5 lbs.|That is much.
At 2:30 p.m. we start.|Be there.
Do I?|I do.
So do I.|Me too.
Ready...|Set...|Go!
I was there... and then I left.|Good night.
Is this o.k. for you?|Tell me.
Mt. Everest is high.|Very high.
The dept. is closed.|Come tomorrow.
ext. 12 is busy.|Hold on.
He got an A. She got a B.
Visit example.com for more.|Bye.
Dial *123# now.|Then wait.
Okay.|Okay.|Okay.
"""

GERMAN = """
Guten Tag.|Wie kann ich helfen?
Dr. Müller ist da.|Er wartet.
Wir haben z. B. Pizza und Pasta.|Was möchten Sie?
Wir haben z.B. Pizza.|Was möchten Sie?
Das heißt, d. h. morgen, geht es.|Gut.
Am 5. Mai haben wir offen.|Passt das?
Am 31.12.2026 ist zu.|Danach nicht.
Im 3. Stock ist das Büro.|Kommen Sie.
Das kostet 12,50 Euro.|Ist das gut?
Es sind 1.234 Stück.|Viel, oder?
Nr. 5 ist fertig.|Bitte abholen.
Die Hausnr. 7 ist richtig.|Danke.
Wir öffnen um 9.30 Uhr.|Bis dann.
Hr. Meier und Fr. Schulz sind da.|Beide warten.
Das dauert ca. zehn Minuten.|Einen Moment.
Stifte, Papier usw. sind da.|Bedienen Sie sich.
Stifte, Papier usw.|Wir haben alles.
Die Hauptstr. 12 ist richtig.|Danke.
Er wohnt in St. Gallen.|Schön dort.
Möchten Sie bzw. Ihre Frau kommen?|Gern.
Das sind 2,5 Mio. Euro.|Viel Geld.
Mehr auf www.beispiel.de.|Danke!
Schreiben Sie an info@beispiel.de.|Wir antworten.
Sie sagte: „Komm.“|Er kam.
„Sind Sie da?“ fragte sie.|Ja.
Moment mal …|Jetzt geht es.
Hm … ich sehe nach.|Gefunden.
Was?!|Wirklich?
Ja!|Natürlich gern.
Inkl. MwSt. sind es zehn Euro.|In Ordnung?
Ich bin am 1. April zurück.|Bis dann.
Ludwig II. war König.|Lange her.
Vgl. Abs. 2 dort.|Verstanden?
Das gilt u. a. für Kinder.|Klar.
Prof. Dr. Weber spricht.|Hören Sie zu.
Ihre Bestellung ist da.|Holen Sie sie ab.
"""

SPANISH = """
Hola.|¿En qué puedo ayudarle?
¿Qué tal?|¡Muy bien!
El Sr. López no está.|Llame mañana.
La Dra. Gómez y la Sra. Ruiz vienen.|Esperen.
Tenemos p. ej. pizza y pasta.|¿Qué quiere?
Tenemos p.ej. pizza.|¿Qué quiere?
Vive en EE. UU. desde 2020.|Le gusta.
Cuesta 12,50 euros.|¿Está bien?
Son 1.234 unidades.|Muchas.
Abrimos a las 9 a. m. cada día.|Venga.
Ud. puede pagar hoy.|O mañana.
Está en la av. Mayor.|Es cerca.
Es el n.º 5 de la lista.|Gracias.
El núm. 5 está listo.|Puede pasar.
Traiga papel, lápiz, etc. a clase.|Adiós.
Traiga papel, lápiz, etc.|Nosotros ponemos el resto.
Escriba a info@ejemplo.es.|Gracias.
Visite www.ejemplo.es hoy.|¡Hasta luego!
¿Sí?|¿De verdad?
¡No!|¿Por qué?
«Pase.»|Y pasó.
Bueno... no sé.|Veamos.
Un momento…|Ya está.
¿Quiere algo más?|¡Claro que sí!
Aprox. diez minutos.|¿Puede esperar?
Dijo: "Venga."|Y vino.
El dpto. de ventas está cerrado.|Lo siento.
Tel. 912 345 678.|Gracias.
"""

FRENCH = """
Bonjour.|Comment puis-je vous aider ?
Bonjour !|Comment allez-vous ?
M. Dupont est là.|Il attend.
Mme Martin et M. Petit arrivent.|Patientez.
Nous avons p. ex. des pizzas.|Que voulez-vous ?
Cela coûte 12,50 euros.|Ça va ?
Il y a 1 234 places.|C'est beaucoup.
Nous ouvrons à 9 h. demain.|D'accord.
Apportez stylos, papier, etc. en classe.|Merci.
Apportez stylos, papier, etc.|Nous avons le reste.
Le Dr. Blanc est absent.|Revenez demain.
Voir env. dix minutes.|Merci.
Il a dit « Venez. »|Elle est venue.
« Vous êtes là ? » demanda-t-il.|Oui.
Un instant…|Voilà.
Hum... je cherche.|Trouvé.
Écrivez à info@exemple.fr.|Merci !
Allez sur www.exemple.fr.|À bientôt !
Quoi ?!|Vraiment ?
Oui !|Bien sûr.
J.-P. Martin est là.|Entrez.
Le tél. est occupé.|Rappelez.
Voir art. 5 du contrat.|Merci.
C'est le 14 juil. prochain.|Notez-le.
"""

ITALIAN = """
Buongiorno.|Come posso aiutarla?
Il Sig. Rossi non c'è.|Richiami.
Il Dott. Bianchi arriva.|Attenda.
Costa 12,50 euro.|Va bene?
Porti carta, penna, ecc. in classe.|Grazie.
Ad es. una pizza.|O una pasta.
Perché?!|Dimmi.
Scriva a info@esempio.it.|Grazie.
"""

PORTUGUESE = """
Olá.|Como posso ajudar?
O Sr. Silva não está.|Ligue amanhã.
A Dra. Costa chega.|Espere.
Custa 12,50 euros.|Está bem?
Temos p. ex. pizza.|Quer?
Vamos!|Já?
"""

DUTCH = """
Hallo.|Waarmee kan ik helpen?
Dhr. Jansen is er niet.|Bel morgen.
Wij hebben bijv. pizza.|Wat wilt u?
Het kost 12,50 euro.|Goed?
Dat is o.a. voor kinderen.|Prima.
Neem papier, pen, enz. mee.|Dank u.
"""

CHINESE = """
你好。|你好吗？|我很好！
请稍等……|好了。
价格是3.5元。|可以吗？
"""

JAPANESE = """
こんにちは。|ご用件は何ですか？
少々お待ちください。|確認します！
"""

HINDI = """
नमस्ते।|आप कैसे हैं?
"""

CASES = [
    (language, line)
    for language, block in {
        "en-US": ENGLISH,
        "de-DE": GERMAN,
        "es-ES": SPANISH,
        "fr-FR": FRENCH,
        "it": ITALIAN,
        "pt": PORTUGUESE,
        "nl": DUTCH,
        "zh": CHINESE,
        "ja": JAPANESE,
        "hi": HINDI,
    }.items()
    for line in block.strip().splitlines()
]
