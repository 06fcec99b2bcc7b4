"""Proves S7 A2 A6: the platform's own sentences and the model's numbers in the agent's language. Scripted calls in virtual time."""

import pytest
from agent_runtime.conversation.phrases import phrases_for
from callstage_testing.virtual_time import in_virtual_time, run_virtual

from .engines import down
from .line import Line, agent

READ = {
    "de-DE": ("Das macht 12,50 €, z. B. am 5. Mai.", "Das macht zwölf Euro und fünfzig Cent, zum Beispiel am fünften Mai."),
    "es-ES": ("Son 12,50 € el 5 de mayo, Sr. López.", "Son doce euros con cincuenta céntimos el cinco de mayo, señor López."),
    "fr-FR": ("Cela fait 12,50 € le 1er mai, M. Dupont.", "Cela fait douze euros et cinquante centimes le premier mai, monsieur Dupont."),
    "it-IT": ("Sono 12,50 € il 5 maggio, Sig. Rossi.", "Sono dodici euro e cinquanta centesimi il cinque maggio, signor Rossi."),
    "pt-PT": ("São 12,50 € em 5 de maio, Sr. Silva.", "São doze euros e cinquenta cêntimos em cinco de maio, senhor Silva."),
    "nl-NL": ("Dat is 12,50 € op 5 mei, dhr. Jansen.", "Dat is twaalf euro en vijftig cent op vijf mei, de heer Jansen."),
    "pl-PL": ("**To** jest 12,50 zł 🙂.", "To jest 12,50 zł."),
}


@pytest.mark.parametrize("language", READ)
def test_what_is_written_is_one_sentence_and_is_read_in_its_language(language: str) -> None:
    written, read = READ[language]

    async def call() -> None:
        async with Line(agent(language=language, greeting="1.")) as line:
            line.answers(written)
            await line.hears("1.")
            await line.says("?")
            await line.hears(written)
        assert line.mouthpiece.requests[-1].text == read
        assert line.history[-1] == f"assistant: {written}"

    run_virtual(call())


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it", "pt", "nl"])
def test_idle_failure_and_farewell_are_in_the_agents_language(language: str) -> None:
    phrases = phrases_for(language)

    async def call() -> None:
        async with Line(agent(language=language, idle_timeout_s=5)) as line:
            line.answers(down("brain"))
            await line.hears("Hello.")
            await line.says("x")
            assert await line.ends() == "idle_timeout"
        assert " ".join(line.heard) == " ".join(["Hello.", phrases.apology, phrases.idle_question, phrases.farewell])

    run_virtual(call())


@in_virtual_time
async def test_chinese_sentences_leave_one_by_one() -> None:
    async with Line(agent(language="zh-CN", greeting="你好。请问有什么可以帮您？")) as line:
        await line.hears("你好。", "请问有什么可以帮您？")
