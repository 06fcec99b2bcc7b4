"""Settings of the media gateway; the only module that reads the environment."""

from typing import Annotated, Literal

from callstage_kit.settings import RecordingSettings, ServiceSettings
from pydantic import Field


class GatewaySettings(ServiceSettings, RecordingSettings):
    """Environment variables `CALLSTAGE_<NAME>`."""

    http_port: Annotated[int, Field(description="Public port of the gateway: webhooks and WebSockets; 0 picks a free one.")] = 8081
    http_shared_port: Annotated[bool, Field(description="Several gateway processes listen on the same port (SO_REUSEPORT).")] = False
    public_url: Annotated[
        str, Field(description="How carriers reach the gateway, e.g. https://voice.example.com; empty: taken from the Host header of each request.")
    ] = ""
    trust_forwarded: Annotated[bool, Field(description="Believe X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that sets them.")] = False
    runtime_targets: Annotated[
        str,
        Field(description="agent-runtime processes: host:port, comma-separated; dns:///name:port stands for all its addresses."),
    ] = "127.0.0.1:50051"
    sandbox_target: Annotated[str, Field(description="tool-sandbox as gRPC target, for the caller lookup.")] = "127.0.0.1:50061"
    max_calls: Annotated[
        int, Field(ge=1, description="Calls of this process. When the slots of all gateways are taken, new calls get the number's fallback route.")
    ] = 150
    max_loop_lag_ms: Annotated[int, Field(ge=20, description="Lateness of the media clock (ms) above which new calls get the fallback route.")] = 150
    max_chats: Annotated[int, Field(ge=1, description="Conversations in text of this process; they take no slot of a call.")] = 2000
    embed_script: Annotated[
        str, Field(description="File of the built widget (`web/embed/dist/callstage_embed.js`), served as /callstage_embed.js; empty: not served.")
    ] = ""
    telnyx_codec: Annotated[Literal["PCMU", "PCMA", "L16"], Field(description="Codec of the audio sent to Telnyx; L16 is 16 kHz.")] = "PCMU"
    default_country: Annotated[str, Field(description="ISO 3166 region of national phone numbers when the tenant is unknown.")] = "US"

    @property
    def runtime_addresses(self) -> tuple[str, ...]:
        """The entries of `runtime_targets`."""
        return tuple(entry.strip() for entry in self.runtime_targets.split(",") if entry.strip())
