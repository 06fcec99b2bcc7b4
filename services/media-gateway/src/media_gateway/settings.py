"""Settings of the media gateway; the only module that reads the environment."""

import re
from typing import Annotated, Final, Literal

from callstage_kit.settings import ProcessSettings, RecordingSettings, ServiceSettings
from pydantic import Field, field_validator

_TARGET: Final = re.compile(r"(?P<host>.+):(?P<first>\d{1,5})(-(?P<last>\d{1,5}))?")


class GatewaySettings(ServiceSettings, ProcessSettings, RecordingSettings):
    """Environment variables `CALLSTAGE_<NAME>`."""

    http_port: Annotated[int, Field(description="Public port of the gateway: webhooks and WebSockets; 0 picks a free one.")] = 8081
    http_shared_port: Annotated[bool, Field(description="Several gateway processes listen on the same port (SO_REUSEPORT).")] = False
    public_url: Annotated[
        str, Field(description="How carriers reach the gateway, e.g. https://voice.example.com; empty: taken from the Host header of each request.")
    ] = ""
    trust_forwarded: Annotated[bool, Field(description="Believe X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that sets them.")] = False
    runtime_targets: Annotated[
        str,
        Field(
            description="agent-runtime processes: host:port, comma-separated; dns:///name:port stands for all its addresses, host:50051-50054 for "
            "four ports."
        ),
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
        """The entries of `runtime_targets`, one for each port."""
        return tuple(address for entry in self.runtime_targets.split(",") if entry.strip() for address in _each_port(entry.strip()))

    @field_validator("runtime_targets")
    @classmethod
    def _has_ports(cls, value: str) -> str:
        for entry in filter(None, map(str.strip, value.split(","))):
            if not _each_port(entry):
                raise ValueError(f"{entry!r} is not host:port or host:first-last")
        return value


def _each_port(entry: str) -> list[str]:
    """Empty: there is something wrong with the ports."""
    found = _TARGET.fullmatch(entry)
    if found is None:
        return []
    first, last = int(found["first"]), int(found["last"] or found["first"])
    return [f"{found['host']}:{port}" for port in range(first, last + 1)] if last < 1 << 16 else []
