"""Settings of control-api. The only module of this service that reads the environment."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from callstage_kit.settings import OAuthSettings, RecordingSettings, ServiceSettings
from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings


class GenerationSettings(OAuthSettings):
    """Language models that write prompts and tool code; the same variables as agent-runtime's."""

    openai_api_key: Annotated[SecretStr | None, Field(alias="OPENAI_API_KEY", description="OpenAI key: writes prompts and tool code.")] = None
    openai_base_url: Annotated[str, Field(alias="OPENAI_BASE_URL", description="OpenAI, or any server that speaks its API (vLLM, Ollama …).")] = (
        "https://api.openai.com/v1"
    )
    openai_llm_model: Annotated[str, Field(description="OpenAI model of agents that name none.")] = "gpt-5.4-mini"
    groq_api_key: Annotated[SecretStr | None, Field(alias="GROQ_API_KEY", description="Groq key.")] = None
    groq_base_url: Annotated[str, Field(alias="GROQ_BASE_URL", description="Groq's OpenAI-compatible API.")] = "https://api.groq.com/openai/v1"
    groq_llm_model: Annotated[str, Field(description="Groq model of agents that name none.")] = "llama-3.3-70b-versatile"
    gemini_api_key: Annotated[SecretStr | None, Field(alias="GEMINI_API_KEY", description="Google Gemini key.")] = None
    gemini_base_url: Annotated[str, Field(alias="GEMINI_BASE_URL", description="Gemini API, without the version.")] = (
        "https://generativelanguage.googleapis.com"
    )
    gemini_llm_model: Annotated[str, Field(description="Gemini model of agents that name none.")] = "gemini-3.5-flash"
    generation_timeout_s: Annotated[float, Field(gt=0, description="Seconds that writing one prompt or tool may take, repairs included.")] = 120.0
    generation_first_byte_timeout_s: Annotated[float, Field(gt=0, description="Seconds from a request to the first piece of its answer.")] = 30.0


class SignInSettings(BaseSettings):
    """How people sign in (rule AC1)."""

    model_config = ServiceSettings.model_config

    cookie_secure: Annotated[bool, Field(description="Send the session cookie over HTTPS only. Turn off for plain-HTTP development.")] = True
    session_ttl_s: Annotated[int, Field(description="Seconds a sign-in lasts.", gt=0)] = 12 * 3600
    oidc_issuer: Annotated[
        str,
        Field(description="Issuer of an OpenID Connect provider, as its discovery document spells it; empty: people sign in with a password only."),
    ] = ""
    oidc_client_id: Annotated[str, Field(description="Client that the provider knows this installation as.")] = ""
    oidc_client_secret: Annotated[SecretStr, Field(description="Its secret; empty for a public client.")] = SecretStr("")
    oidc_label: Annotated[str, Field(description="Name of the provider on the sign-in page: `Sign in with …`.", min_length=1, max_length=60)] = (
        "single sign-on"
    )

    @model_validator(mode="after")
    def _whole_oidc(self) -> Self:
        issuer = urlsplit(self.oidc_issuer)
        if bool(self.oidc_issuer) != bool(self.oidc_client_id):
            raise ValueError("CALLSTAGE_OIDC_ISSUER and CALLSTAGE_OIDC_CLIENT_ID are set together, or neither")
        if self.oidc_issuer and (issuer.scheme not in ("https", "http") or not issuer.netloc or issuer.query or issuer.fragment):
            raise ValueError("CALLSTAGE_OIDC_ISSUER: needs an address such as https://login.example.com/realms/main")
        if issuer.scheme == "http" and self.cookie_secure:
            raise ValueError("CALLSTAGE_OIDC_ISSUER: needs https; plain http is for development, with CALLSTAGE_COOKIE_SECURE=false")
        return self


class ControlApiSettings(GenerationSettings, RecordingSettings, SignInSettings):
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
    runtime_target: Annotated[str, Field(description="gRPC address of agent-runtime, for voices and the health of AI providers.")] = "127.0.0.1:50051"
    web_root: Annotated[str, Field(description="Folder of the built manager (`web/manager/dist`); empty: the API alone.")] = ""
    egress_allow: Annotated[
        str,
        Field(
            description="Internal networks, addresses and host names that AI providers, event webhooks and the OpenID Connect provider may have, "
            "comma-separated; the public internet always is."
        ),
    ] = ""
    google_authorize_url: Annotated[str, Field(description="Where people give Google their consent.")] = (
        "https://accounts.google.com/o/oauth2/v2/auth"
    )
    microsoft_authorize_url: Annotated[str, Field(description="Where people give Microsoft their consent.")] = (
        "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    )
    request_timeout_s: Annotated[float, Field(description="Seconds after which a request is given up with 504.", gt=0)] = 30.0
    outbox_poll_s: Annotated[float, Field(description="Seconds between looks at the outbox when nobody wakes it.", gt=0)] = 1.0
    call_journal_days: Annotated[float, Field(description="Days that the decisions of a call are kept for a replay.", gt=0)] = 30.0
    reaper_interval_s: Annotated[float, Field(description="Seconds between looks for calls whose end was never told.", gt=0)] = 60.0

    prices: Annotated[
        str,
        Field(
            description="What AI providers cost, as JSON: `<kind>_<unit>:<provider>:<model or *>` (the keys of a call's `usage`) → US dollars "
            'per hour (`seconds`) or per million (tokens, characters, requests), e.g. {"llm_input_tokens:openai:*": 0.75}. Added to the '
            "built-in list, which knows the offline engines (0) and few others; calls with a provider without a price have no cost."
        ),
    ] = ""

    @cached_property
    def sqlalchemy_url(self) -> str:
        """The database URL with the driver that we use."""
        scheme, separator, rest = self.database_url.partition("://")
        return f"postgresql+psycopg{separator}{rest}" if scheme in ("postgresql", "postgres") else self.database_url

    @cached_property
    def manager_root(self) -> Path | None:
        """The folder of the manager. Raises ValueError for one without a page."""
        if not self.web_root:
            return None
        root = Path(self.web_root)
        if not (root / "index.html").is_file():
            raise ValueError(f"CALLSTAGE_WEB_ROOT: {root} holds no index.html; build the manager with `make web`")
        return root

    @cached_property
    def gateway_websocket_url(self) -> str:
        """`wss://…/ws/voice` of the gateway."""
        return "ws" + self.gateway_public_url.rstrip("/").removeprefix("http") + "/ws/voice"
