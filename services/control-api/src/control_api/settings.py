"""Settings of control-api. The only module of this service that reads the environment."""

from functools import cached_property
from typing import Annotated

from callstage_kit.settings import ServiceSettings
from pydantic import Field


class ControlApiSettings(ServiceSettings):
    """Environment variables `CALLSTAGE_<NAME>` beyond those of every service."""

    database_url: Annotated[str, Field(description="Postgres: postgresql://user:password@host:port/database.")] = (
        "postgresql://postgres@127.0.0.1:5432/callstage"
    )
    database_pool_size: Annotated[int, Field(description="Postgres connections kept open by one process.", ge=1, le=100)] = 10
    database_timeout_s: Annotated[float, Field(description="Seconds that one request may spend on Postgres.", gt=0)] = 10.0
    http_port: Annotated[int, Field(description="Port of the REST API; 0 picks a free one.", ge=0, le=65535)] = 8080
    public_url: Annotated[str, Field(description="Address at which people reach this API.")] = "http://127.0.0.1:8080"
    gateway_public_url: Annotated[str, Field(description="Address at which carriers and browsers reach media-gateway.")] = "http://127.0.0.1:8081"
    sandbox_target: Annotated[str, Field(description="gRPC address of tool-sandbox, host:port.")] = "127.0.0.1:50061"
    cookie_secure: Annotated[bool, Field(description="Send the session cookie over HTTPS only. Turn off for plain-HTTP development.")] = True
    egress_allow: Annotated[
        str,
        Field(
            description="Internal networks, addresses and host names that addresses of AI providers may have, comma-separated; "
            "the public internet always is."
        ),
    ] = ""
    session_ttl_s: Annotated[int, Field(description="Seconds a sign-in lasts.", gt=0)] = 12 * 3600
    request_timeout_s: Annotated[float, Field(description="Seconds after which a request is given up with 504.", gt=0)] = 30.0
    outbox_poll_s: Annotated[float, Field(description="Seconds between looks at the outbox when nobody wakes it.", gt=0)] = 1.0
    call_journal_days: Annotated[float, Field(description="Days that the decisions of a call are kept for a replay.", gt=0)] = 30.0
    reaper_interval_s: Annotated[float, Field(description="Seconds between looks for calls whose end was never told.", gt=0)] = 60.0

    @cached_property
    def sqlalchemy_url(self) -> str:
        """The database URL with the driver that we use."""
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgresql", "postgres") else self.database_url

    @cached_property
    def gateway_websocket_url(self) -> str:
        """`wss://…/ws/voice` of the gateway."""
        return "ws" + self.gateway_public_url.rstrip("/").removeprefix("http") + "/ws/voice"
