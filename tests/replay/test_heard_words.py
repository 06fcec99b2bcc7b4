"""Proves S7 C5 and that history is what was heard: cut at the word, in the text as written, the same after the loss of a process. Scripted calls."""

from agent_runtime.conversation.phrase_cache import PhraseCache
from callstage_testing.virtual_time import in_virtual_time

from .engines import CHARACTER_MS, Mouthpiece
from .line import Line, agent

ANSWER = "It is $12.50 for Dr. Smith, and the code is S00042."
SPOKEN = "It is twelve dollars and fifty cents for Doctor Smith, and the code is S, zero zero zero four two."


def until(words: str) -> float:
    """The share of the answer that ends right behind those words, as they are spoken."""
    return (SPOKEN.index(words) + len(words)) * CHARACTER_MS / (len(SPOKEN) * CHARACTER_MS)


async def cut_at(line: Line, share: float) -> str:
    """What the journal says that was heard when the caller cuts in there; his voice needs 200 ms to be noticed."""
    line.answers(ANSWER)
    line.answers("All right.")
    await line.hears("Hello.")
    await line.says("how much")
    await line.is_talked_to(share - 200 / (len(SPOKEN) * CHARACTER_MS))
    await line.says("stop, stop it now", interim="stop, stop it now")
    await line.hears("All right.")
    assert [request.text for request in line.mouthpiece.requests] == ["Hello.", SPOKEN, "All right."]
    return line.heard_texts[1]


@in_virtual_time
async def test_with_word_times_history_ends_at_the_word() -> None:
    for words, expected in {
        "It is twelve dollars": "It is",
        "and fifty cents for": "It is $12.50 for",
        "for Doctor Smith,": "It is $12.50 for Dr. Smith,",
        "zero zero zero": "It is $12.50 for Dr. Smith, and the code is",
    }.items():
        line = Line()
        line.mouthpiece = Mouthpiece(tells_words=True)
        async with line:
            assert await cut_at(line, until(words) + 0.01) == expected
        assert line.brain.told()[-2:] == [f"assistant: {expected}", "user: stop, stop it now"]


@in_virtual_time
async def test_without_word_times_history_ends_in_proportion_to_what_is_spoken() -> None:
    async with Line() as line:
        assert await cut_at(line, until("and fifty cents for") + 0.01) == "It is $12.50 for"


@in_virtual_time
async def test_callers_see_what_was_written_and_hear_what_is_read() -> None:
    async with Line() as line:
        line.answers(ANSWER)
        await line.hears("Hello.")
        await line.says("how much")
        await line.hears(ANSWER)
    assert [turn.text for turn in line.events if turn.type == "call.turn"][-1] == ANSWER
    assert line.mouthpiece.requests[-1].text == SPOKEN


@in_virtual_time
async def test_words_of_a_greeting_from_the_cache_are_known_as_well() -> None:
    cache = PhraseCache(1 << 20)
    texts: list[str] = []
    for _ in range(2):
        line = Line(agent(greeting="Welcome to Dr. Smith in 5 Main St., we are happy to help you with everything."))
        line.mouthpiece, line.cache = Mouthpiece(tells_words=True), cache
        async with line:
            line.answers("All right.")
            await line.is_talked_to(0.52)
            await line.says("stop, stop it now", interim="stop, stop it now")
            await line.hears("All right.")
        texts.append(line.heard_texts[0])
    assert texts[0] == texts[1]
    assert 5 <= len(texts[0].split()) <= 12


@in_virtual_time
async def test_after_the_loss_of_a_process_the_call_is_cut_at_the_same_word() -> None:
    texts: list[list[str]] = []
    for is_lost in (False, True):
        line = Line()
        line.mouthpiece = Mouthpiece(tells_words=True)
        async with line:
            line.answers(ANSWER + " That is all there is.")
            line.answers("All right.")
            await line.hears("Hello.")
            await line.says("how much")
            await line.is_talked_to(0.45)
            if is_lost:
                await line.is_taken_over()
            await line.says("stop, stop it now", interim="stop, stop it now")
            await line.hears("All right.")
        texts.append(line.heard_texts[1:2])
    assert texts[0] == texts[1]
    assert texts[0][0].startswith("It is $12.50 for")
