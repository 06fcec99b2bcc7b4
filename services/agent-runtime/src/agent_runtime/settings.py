"""Settings of this service; the AI vendors' own are in `providers/settings.py`."""

from typing import Annotated, Literal

from callstage_kit.settings import ProcessSettings, ServiceSettings
from pydantic import Field

EagerLevel = Literal["off", "silence", "text"]


class RuntimeSettings(ServiceSettings, ProcessSettings):
    """What agent-runtime needs beyond what every service has."""

    grpc_port: Annotated[
        int,
        Field(ge=0, le=65_535, description="Port of ConversationService (gRPC), of the first process when there are several; 0 picks a free one."),
    ] = 50051
    sandbox_target: Annotated[str, Field(description="tool-sandbox as host:port, or dns:///headless-service:port for several.")] = "127.0.0.1:50061"
    runtime_max_calls: Annotated[int, Field(ge=1, description="Conversations at once in one process; more are refused with `overload`.")] = 250
    runtime_max_loop_lag_ms: Annotated[
        int, Field(ge=20, description="Lateness of the event loop (ms) above which new conversations are refused with `overload`.")
    ] = 250
    phrase_cache_mb: Annotated[int, Field(ge=0, description="Megabytes for the audio of greetings and other fixed phrases.")] = 64
    link_flush_ms: Annotated[int, Field(ge=0, le=100, description="Milliseconds that output to a gateway may wait for company.")] = 20
    vad_start_ms: Annotated[int, Field(ge=20, le=1000, description="Milliseconds of speech before the caller counts as speaking.")] = 200
    filler_after_ms: Annotated[int, Field(ge=200, description="Milliseconds of a running tool after which the agent says a filler.")] = 1200
    endpointing: Annotated[
        Literal["adaptive", "fixed"],
        Field(
            description="When a pause ends the caller's turn: adaptive lets the words (and the end-of-turn model) move the agent's "
            "`silence_threshold_ms` between half and twice its length; fixed waits exactly that long."
        ),
    ] = "adaptive"
    turn_model: Annotated[
        Literal["off", "patience", "always"],
        Field(
            description="End-of-turn model (Smart Turn v3, local), when it is installed: patience asks it in pauses after words without an end mark, "
            "to wait longer; always also after whole sentences, to answer sooner (0.2 CPU-s per call-minute). 30 ms of CPU a question, 50 MB."
        ),
    ] = "patience"
    eager_replies: Annotated[
        EagerLevel,
        Field(
            description="Answers prepared before the caller's turn is sure to be over, thrown away when it goes on: silence prepares when he falls "
            "silent, text also as soon as a settled text ends like a turn; off never. Costs tokens, saves up to the whole silence."
        ),
    ] = "text"
