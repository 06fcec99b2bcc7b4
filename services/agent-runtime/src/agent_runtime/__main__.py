"""`python -m agent_runtime`."""

import sys

from callstage_kit.lifecycle import run_service
from callstage_kit.processes.group import ProcessPlan, run_processes
from callstage_kit.settings import from_environment

from agent_runtime.providers.settings import ProviderSettings
from agent_runtime.settings import RuntimeSettings


def main() -> None:
    """Run the service until it is told to stop; several processes have ports that follow each other, because a gateway's link is to one of them."""
    settings = from_environment(RuntimeSettings)
    if settings.process_count > 1:
        plan = ProcessPlan("agent_runtime", settings.process_count, lambda index: {"CALLSTAGE_GRPC_PORT": str(settings.grpc_port + index)})
        sys.exit(run_processes("agent-runtime", settings, plan))
    # The parent of several processes needs none of it.
    from agent_runtime.wiring import build_with

    run_service("agent-runtime", settings, build_with(settings, from_environment(ProviderSettings)))


if __name__ == "__main__":
    main()
