"""`python -m agent_runtime`."""

from callstage_kit.lifecycle import run_service
from callstage_kit.settings import from_environment

from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.settings import RuntimeSettings
from agent_runtime.wiring import build_with


def main() -> None:
    """Run the service until it is told to stop."""
    settings = from_environment(RuntimeSettings)
    run_service("agent-runtime", settings, build_with(settings, from_environment(ProviderSettings)))


if __name__ == "__main__":
    main()
