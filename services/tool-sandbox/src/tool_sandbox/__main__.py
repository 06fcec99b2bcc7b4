"""`python -m tool_sandbox`."""

from callstage_kit.lifecycle import run_service
from callstage_kit.settings import from_environment

from tool_sandbox.settings import SandboxSettings
from tool_sandbox.wiring import build


def main() -> None:
    """Serve until told to stop."""
    settings = from_environment(SandboxSettings)
    run_service("tool-sandbox", settings, lambda health: build(settings, health))


if __name__ == "__main__":
    main()
