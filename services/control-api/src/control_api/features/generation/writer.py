"""The loop that writes code: ask, check, repair at most twice, and show what is left (rule T10)."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from callstage_domain.errors import DependencyError

from control_api.compile.access import beyond
from control_api.compile.effects import Effects
from control_api.compile.type_check import Remark
from control_api.features.generation.model import LanguageModel
from control_api.features.generation.prompts import Prompt, ToolWish, code_in, repair_request, tool_prompt

MAX_REPAIRS: Final = 2
MAX_ANSWER_CHARS: Final = 200_000
Check = Callable[[str], Awaitable[tuple[list[Remark], Effects]]]


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of what the model writes."""

    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """The code of one round, and what is wrong with it."""

    code: str
    remarks: tuple[Remark, ...]
    effects: Effects
    beyond: tuple[str, ...]
    repairs: int
    is_final: bool

    @property
    def is_good(self) -> bool:
        """Nothing stands against it."""
        return not self.beyond and not any(remark.is_error for remark in self.remarks)


async def write_tool(model: LanguageModel, wish: ToolWish, check: Check) -> AsyncGenerator[Delta | Draft]:
    """Deltas, and a draft after each round; the last one is final. Raises DependencyError."""
    prompt = tool_prompt(wish)
    for repairs in range(MAX_REPAIRS + 1):
        answer: list[str] = []
        async with aclosing(written(model, prompt)) as pieces:
            async for piece in pieces:
                answer.append(piece)
                yield Delta(piece)
        text = "".join(answer)
        code = code_in(text)
        remarks, effects = await check(code)
        outside = beyond(effects, wish.resources)
        errors = [remark for remark in remarks if remark.is_error]
        is_final = repairs == MAX_REPAIRS or not (errors or outside)
        yield Draft(code, tuple(remarks), effects, tuple(outside), repairs, is_final)
        if is_final:
            return
        prompt = prompt.then(text, repair_request(errors, outside))


async def written(model: LanguageModel, prompt: Prompt) -> AsyncGenerator[str]:
    """What the model writes. Raises DependencyError when that is nothing, or has no end."""
    size = 0
    async with aclosing(model.answer(prompt)) as pieces:
        async for piece in pieces:
            size += len(piece)
            if size > MAX_ANSWER_CHARS:
                raise DependencyError("the language model does not stop writing", vendor="llm", code="generation_failed")
            yield piece
    if not size:
        raise DependencyError("the language model wrote nothing", vendor="llm", code="generation_failed")
