"""What comes from a session, in order, whether somebody waits for it already or not."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from callstage_domain.errors import DependencyError

from agent_runtime.providers.realtime import AnswerAudio, AnswerCall, AnswerEnded, AnswerText

T = TypeVar("T")
AnswerEvent = AnswerAudio | AnswerText | AnswerCall | AnswerEnded


class Arrivals(Generic[T]):
    """Of one kind, for one reader."""

    def __init__(self) -> None:
        self._waiting: deque[T] = deque()
        self._some = asyncio.Event()
        self.failure: DependencyError | None = None

    def put(self, one: T) -> None:
        """One more."""
        self._waiting.append(one)
        self._some.set()

    def fail(self, error: DependencyError) -> None:
        """Nothing follows what is there."""
        self.failure = error
        self._some.set()

    async def next(self) -> T:
        """Raises the failure when nothing is left."""
        while not self._waiting:
            if self.failure is not None:
                raise self.failure
            self._some.clear()
            await self._some.wait()
        return self._waiting.popleft()


Answer = Arrivals[AnswerEvent]


class Answers:
    """Of the present session, by their numbers."""

    def __init__(self) -> None:
        self._known: dict[int, Answer] = {}
        self._asked: Answer | None = None

    @property
    def is_awaited(self) -> bool:
        """True from a question to the end of its answer."""
        return self._asked is not None

    def ask(self, number: int) -> Answer:
        """The answer of that number is waited for; those before it are forgotten."""
        for older in [known for known in self._known if known < number]:
            del self._known[older]
        self._asked = answer = self._known.setdefault(number, Arrivals())
        return answer

    def put(self, event: AnswerEvent) -> None:
        """A part of an answer, which may have begun before it was asked for."""
        self._known.setdefault(event.number, Arrivals()).put(event)

    def over(self, answer: Answer) -> None:
        """Nobody waits for it any more."""
        if self._asked is answer:
            self._asked = None
        self._known = {number: known for number, known in self._known.items() if known is not answer}

    def fail(self, error: DependencyError) -> None:
        """Their session is lost."""
        for answer in self._known.values():
            answer.fail(error)

    def forget(self) -> None:
        """Another session counts anew."""
        self._known.clear()
        self._asked = None
