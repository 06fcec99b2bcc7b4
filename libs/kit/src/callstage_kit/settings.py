"""Settings every service has. A service's own `settings.py` inherits from this and alone reads the environment."""

import os
import socket
import sys
from functools import cached_property
from typing import Annotated, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from callstage_kit.crypto import SecretBox, TokenSigner

S = TypeVar("S", bound=BaseSettings)


def from_environment(kind: type[S]) -> S:
    """The settings; ends the process with one line per wrong variable instead of a traceback. Secret values are never repeated."""
    try:
        return kind()
    except ValidationError as err:
        prefix = str(kind.model_config.get("env_prefix") or "")
        for problem in err.errors(include_input=False, include_url=False):
            field = str(problem["loc"][0]) if problem["loc"] else kind.__name__
            name = (prefix + field).upper() if field in kind.model_fields else field
            sys.stderr.write(f"{name}: {problem['msg']}\n")
        sys.exit("the settings are wrong")


class ServiceSettings(BaseSettings):
    """Environment variables `CALLSTAGE_<NAME>`; a field with an alias keeps its vendor's own name."""

    model_config = SettingsConfigDict(env_prefix="CALLSTAGE_", extra="ignore", populate_by_name=True, frozen=True)

    instance: Annotated[str, Field(description="Name of this process in logs and metrics.")] = socket.gethostname()
    log_level: Annotated[str, Field(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    log_format: Annotated[str, Field(description="json, or console for people.")] = "json"
    bind_host: Annotated[str, Field(description="Address that the service's own ports listen on.")] = "127.0.0.1"
    admin_port: Annotated[int, Field(description="Port of /healthz, /readyz and /metrics; 0 picks a free one.")] = 0
    nats_url: Annotated[str, Field(description="NATS server with JetStream.")] = "nats://127.0.0.1:4222"
    redis_url: Annotated[str, Field(description="Redis or Valkey server.")] = "redis://127.0.0.1:6379/0"
    otlp_endpoint: Annotated[
        str, Field(description="Base URL of an OpenTelemetry collector (OTLP over HTTP, e.g. http://collector:4318); empty: no traces are made.")
    ] = ""
    otlp_headers: Annotated[SecretStr, Field(description="Headers for the collector, `name=value`, comma-separated (an API key, for instance).")] = (
        SecretStr("")
    )
    spool_dir: Annotated[str, Field(description="Folder where events wait while NATS is down.")] = ".callstage/spool"
    drain_timeout_s: Annotated[float, Field(description="Seconds that a stopping service waits for running work.")] = 30.0
    master_keys: Annotated[
        SecretStr,
        Field(description="Keys that seal secrets: `id:base64 of 32 bytes`, comma-separated; the first one seals, all of them open."),
    ]

    @cached_property
    def secret_box(self) -> SecretBox:
        """Seals and opens secrets at rest."""
        return SecretBox.from_setting(self.master_keys.get_secret_value())

    @cached_property
    def token_signer(self) -> TokenSigner:
        """Signs tickets and resume links; keys are derived from the master keys."""
        return TokenSigner.from_setting(self.master_keys.get_secret_value())


class ProcessSettings(BaseSettings):
    """For services that may run as several processes in one container."""

    model_config = ServiceSettings.model_config

    processes: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="Processes of this service in one container; 0: one per core. When they are several, each has the admin port that follows "
            "the one before it, and `CALLSTAGE_ADMIN_PORT` answers for all of them.",
        ),
    ] = 1

    @property
    def process_count(self) -> int:
        """At least 1."""
        return self.processes or len(os.sched_getaffinity(0))


class RecordingSettings(BaseSettings):
    """Where media-gateway keeps recordings and control-api finds them."""

    model_config = ServiceSettings.model_config

    recordings: Annotated[
        str,
        Field(
            pattern=r"^(nats|folder:.+)$",
            description="Where recordings are kept, sealed: `nats` (JetStream), or `folder:/path` that media-gateway and control-api share.",
        ),
    ] = "nats"


class OAuthSettings(ServiceSettings):
    """What the operator registered with the vendors of mail and calendars; control-api connects accounts, tool-sandbox uses them."""

    google_client_id: Annotated[str, Field(alias="GOOGLE_CLIENT_ID", description="OAuth client registered with Google.")] = ""
    google_client_secret: Annotated[SecretStr, Field(alias="GOOGLE_CLIENT_SECRET", description="Its secret.")] = SecretStr("")
    google_token_url: Annotated[str, Field(description="Where Google gives tokens.")] = "https://oauth2.googleapis.com/token"
    microsoft_client_id: Annotated[str, Field(alias="MICROSOFT_CLIENT_ID", description="OAuth client registered with Microsoft.")] = ""
    microsoft_client_secret: Annotated[SecretStr, Field(alias="MICROSOFT_CLIENT_SECRET", description="Its secret.")] = SecretStr("")
    microsoft_token_url: Annotated[str, Field(description="Where Microsoft gives tokens.")] = (
        "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    )
