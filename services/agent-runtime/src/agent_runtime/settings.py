"""Settings of this service; the AI vendors' own are in `providers/settings.py`."""

from typing import Annotated

from callstage_kit.settings import ServiceSettings
from pydantic import Field


class RuntimeSettings(ServiceSettings):
    """What agent-runtime needs beyond what every service has."""

    grpc_port: Annotated[int, Field(ge=0, le=65_535, description="Port of ConversationService (gRPC); 0 picks a free one.")] = 50051
    sandbox_target: Annotated[str, Field(description="tool-sandbox as host:port, or dns:///headless-service:port for several.")] = "127.0.0.1:50061"
    runtime_max_calls: Annotated[int, Field(ge=1, description="Conversations at once in one process; more are refused with `overload`.")] = 250
    phrase_cache_mb: Annotated[int, Field(ge=0, description="Megabytes for the audio of greetings and other fixed phrases.")] = 64
    link_flush_ms: Annotated[int, Field(ge=0, le=100, description="Milliseconds that output to a gateway may wait for company.")] = 20
    vad_start_ms: Annotated[int, Field(ge=20, le=1000, description="Milliseconds of speech before the caller counts as speaking.")] = 200
    filler_after_ms: Annotated[int, Field(ge=200, description="Milliseconds of a running tool after which the agent says a filler.")] = 1200
