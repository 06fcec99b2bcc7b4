"""Prints docs/settings.md: every setting of every service, from the settings classes themselves."""

from collections.abc import Iterator

from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.settings import RuntimeSettings
from callstage_kit.settings import ServiceSettings
from control_api.settings import ControlApiSettings
from email_poller.settings import EmailPollerSettings
from media_gateway.settings import GatewaySettings
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings
from tool_sandbox.settings import SandboxSettings

SECTIONS: list[tuple[str, type[BaseSettings]]] = [
    ("Every service", ServiceSettings),
    ("control-api", ControlApiSettings),
    ("media-gateway", GatewaySettings),
    ("agent-runtime", RuntimeSettings),
    ("AI providers (agent-runtime)", ProviderSettings),
    ("tool-sandbox", SandboxSettings),
    ("email-poller", EmailPollerSettings),
]


def environment_name(model: type[BaseSettings], name: str, field: FieldInfo) -> str:
    """The variable that sets a field."""
    alias = field.validation_alias or field.alias
    return str(alias) if alias else f"{model.model_config.get('env_prefix', '')}{name}".upper()


def default_text(field: FieldInfo, name: str) -> str:
    """How the default reads in the table."""
    if field.default is PydanticUndefined:
        return "required" if field.default_factory is None else "empty"
    if name == "instance":
        return "host name"
    return f"`{field.default}`" if field.default not in ("", None) else "empty"


def rows(model: type[BaseSettings]) -> Iterator[str]:
    """One table row per setting that is the model's own."""
    inherited = set(ServiceSettings.model_fields) if model is not ServiceSettings else set[str]()
    for name, field in model.model_fields.items():
        if name not in inherited:
            yield f"| `{environment_name(model, name, field)}` | {default_text(field, name)} | {field.description or ''} |"


def main() -> None:
    """Print the page."""
    print("# Settings\n\nEvery setting is an environment variable. This page is generated from the code by `make proto`.")
    for title, model in SECTIONS:
        print(f"\n## {title}\n\n| variable | default | meaning |\n| --- | --- | --- |")
        print("\n".join(rows(model)))


if __name__ == "__main__":
    main()
