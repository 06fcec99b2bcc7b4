"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[Path, typer.Option("--home", envvar="CALLSTAGE_HOME", help="Where the stack keeps its data.")]
DEFAULT_HOME = Path(".callstage")

ApiUrlOption = Annotated[str, typer.Option("--api-url", envvar="CALLSTAGE_API_URL", help="Base URL of the API. Default: the one that runs here.")]
ApiKeyOption = Annotated[
    str, typer.Option("--api-key", envvar="CALLSTAGE_API_KEY", help="API key (vx_…). Default: that of the stack that runs here.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
