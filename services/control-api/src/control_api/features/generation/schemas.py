"""Bodies of writing."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from control_api.compile.draft import CodeText, NonEmptyText, StageName, ToolName
from control_api.features.deployments.schemas import EffectsReply
from control_api.features.tools.schemas import CodeRemark
from control_api.web.schema import Body, Reply

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class ToolGenerate(Body):
    """What the tool is for. `code`: what there is already, to be improved."""

    name: ToolName
    description: Sentence
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})
    resources: list[NonEmptyText] | None = Field(default=None, max_length=100, description="Models to use; all of the agent's when left out.")
    code: CodeText = ""


class ToolGenerated(Reply):
    """Code to look at before it is stored."""

    code: str
    is_good: bool = Field(description="False: something stands against it, see `remarks` and `beyond`.")
    remarks: list[CodeRemark]
    effects: EffectsReply
    beyond: list[str] = Field(description="What the code can do although no resource of the agent allows it.")
    repairs: int = Field(description="How often the model had to correct it.")
    provider: str
    model: str


class StageGenerate(Body):
    """What the stage should achieve, in a sentence."""

    stage: StageName
    description: Sentence


class StageGenerated(Reply):
    """A prompt to look at before it is stored."""

    prompt: str
    provider: str
    model: str


class GenerationEvent(Reply):
    """One event of a stream. `delta`: a piece of what is written; `draft`: code that is being corrected; `done`: the last word; `error`."""

    type: Literal["delta", "draft", "done", "error"]
    text: str = ""
    result: ToolGenerated | StageGenerated | None = None
    code: str = ""


class ArgumentsReply(Reply):
    """Values to try a tool with (rule D5)."""

    args: dict[str, Any]
