"""`python -m media_gateway`."""

from functools import partial

from callstage_kit.lifecycle import run_service
from callstage_kit.settings import from_environment

from media_gateway.settings import GatewaySettings
from media_gateway.wiring import build


def main() -> None:
    """Serve until SIGTERM."""
    settings = from_environment(GatewaySettings)
    run_service("media-gateway", settings, partial(build, settings))


if __name__ == "__main__":
    main()
