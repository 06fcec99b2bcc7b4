"""What people tell a running call (rule X4): a request on core NATS, answered by the agent-runtime that has the call, and by nobody else."""

from typing import Literal

from pydantic import BaseModel, Field

MAX_HINT_CHARS = 1000


class LiveCommand(BaseModel, frozen=True, extra="ignore"):
    """`hint`: `text` is for the model, never spoken literally. `end`: the call ends now."""

    kind: Literal["hint", "end"]
    text: str = Field(default="", max_length=MAX_HINT_CHARS)


class LiveCommandReply(BaseModel, frozen=True, extra="ignore"):
    """`code` says why not: `busy`, `unknown_command`."""

    ok: bool
    code: str = ""
