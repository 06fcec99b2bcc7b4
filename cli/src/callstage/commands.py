"""Commands and their options; the work is done by the modules they name."""

import signal
import sys
from typing import Annotated

import typer

from callstage import api_commands, replay_commands
from callstage.options import DEFAULT_HOME, HomeOption
from callstage.phone.command import call

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Callstage: AI phone agents that survive crashes and act exactly once.")

app.command()(call)
app.command()(replay_commands.replay)
app.command()(replay_commands.fixture)
app.add_typer(api_commands.agents, name="agents")
app.add_typer(api_commands.calls, name="calls")
app.add_typer(api_commands.numbers, name="numbers")


@app.command()
def up(
    home: HomeOption = DEFAULT_HOME,
    runtimes: Annotated[int, typer.Option(envvar="RUNTIMES", min=1, max=16, help="Agent runtimes to start.")] = 1,
    gateways: Annotated[int, typer.Option(envvar="GATEWAYS", min=1, max=16, help="Media gateways to start; they share one port.")] = 1,
    control_api_port: Annotated[int, typer.Option(envvar="CONTROL_API_PORT", min=0, max=65535, help="0: 8080 when it is free, else any.")] = 0,
    gateway_port: Annotated[int, typer.Option(envvar="GATEWAY_PORT", min=0, max=65535, help="0: 8081 when it is free, else any.")] = 0,
    public_url: Annotated[str, typer.Option(envvar="CALLSTAGE_PUBLIC_URL", help="Public URL of the gateway (a tunnel), for real carriers.")] = "",
    seed: Annotated[bool, typer.Option(help="Create the demo tenant, agent and number.")] = True,
) -> None:
    """Start the whole platform with embedded servers and offline AI, until Ctrl-C."""
    # Until the stack is there to be stopped, Ctrl-C just ends us.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from callstage.stack.up import StackOptions, run_stack  # keeps `callstage call` quick to start

    options = StackOptions(
        home=home.resolve(),
        runtimes=runtimes,
        gateways=gateways,
        control_api_port=control_api_port,
        gateway_port=gateway_port,
        public_url=public_url,
        seed=seed,
    )
    sys.exit(run_stack(options))


@app.command()
def down(home: HomeOption = DEFAULT_HOME) -> None:
    """Stop the stack that runs in this folder."""
    from callstage.stack.home import Home, HomeUnusable
    from callstage.stack.terminal import complain

    try:
        print("Callstage stopped." if Home(home.resolve()).stop_running() else "Callstage is not running here.")
    except (HomeUnusable, OSError) as err:
        complain(str(err))
        sys.exit(1)
