"""`python -m media_gateway`."""

import sys
from functools import partial

from callstage_kit.lifecycle import run_service
from callstage_kit.processes.group import ProcessPlan, run_processes
from callstage_kit.settings import from_environment

from media_gateway.settings import GatewaySettings


def main() -> None:
    """Serve until SIGTERM; several processes share the public port."""
    settings = from_environment(GatewaySettings)
    if settings.process_count > 1:
        plan = ProcessPlan("media_gateway", settings.process_count, lambda _: {"CALLSTAGE_HTTP_SHARED_PORT": "true"})
        sys.exit(run_processes("media-gateway", settings, plan))
    # The parent of several processes needs none of it.
    from media_gateway.wiring import build

    run_service("media-gateway", settings, partial(build, settings))


if __name__ == "__main__":
    main()
