"""`callstage call`: the options."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from callstage.options import DEFAULT_HOME, ApiKeyOption, ApiUrlOption, HomeOption, JsonOption


def call(
    home: HomeOption = DEFAULT_HOME,
    carrier: Annotated[str, typer.Option(metavar="twilio|telnyx|browser", help="What to play.")] = "twilio",
    say: Annotated[list[str] | None, typer.Option(help="A line of the caller; repeat it. Without: a short pizza order.")] = None,
    wav: Annotated[list[Path] | None, typer.Option(help="A recording to play as a line, any audio format; repeat it. After the --say lines.")] = None,
    from_: Annotated[str, typer.Option("--from", help="The caller's number.")] = "+12025550142",
    to: Annotated[str, typer.Option(help="The number to call. Default: the demo number.")] = "",
    agent: Annotated[str, typer.Option(help="Call this agent instead of a number.")] = "",
    record: Annotated[Path | None, typer.Option(help="Stereo WAV to write. Default: calls/<time>.wav in the data folder.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds of silence after which the caller gives up.")] = 20.0,
    speak_first: Annotated[bool, typer.Option("--speak-first", help="Do not wait for a greeting (agents that do not speak first).")] = False,
    url: Annotated[str, typer.Option(help="Base URL of the media gateway. Default: the one that runs here.")] = "",
    public_url: Annotated[
        str, typer.Option(envvar="CALLSTAGE_PUBLIC_URL", help="The gateway's public URL when it is another: carriers sign it.")
    ] = "",
    auth_token: Annotated[str, typer.Option(help="Twilio auth token.")] = "",
    account_sid: Annotated[str, typer.Option(help="Twilio account SID.")] = "",
    telnyx_private_key: Annotated[str, typer.Option(help="Base64 of the Ed25519 seed that plays Telnyx.")] = "",
    api_url: ApiUrlOption = "",
    api_key: ApiKeyOption = "",
    as_json: JsonOption = False,
) -> None:
    """Call an agent from this terminal, with a spoken script."""
    # Only this command needs the audio libraries.
    from callstage.phone.place import NOT_PLACED, CallOptions, CarrierName, place_call
    from callstage.target import NoPlatform, Target

    if carrier not in list(CarrierName):
        raise typer.BadParameter("one of twilio, telnyx, browser", param_hint="--carrier")
    try:
        target = Target.load(
            home.resolve(),
            media_gateway=url,
            public_url=public_url,
            control_api=api_url,
            api_key=api_key,
            twilio_auth_token=auth_token,
            twilio_account_sid=account_sid,
            telnyx_private_key=telnyx_private_key,
        )
    except NoPlatform as err:
        print(f"callstage call: {err.message}", file=sys.stderr)
        sys.exit(NOT_PLACED)
    options = CallOptions(
        carrier=CarrierName(carrier),
        home=home.resolve(),
        target=target,
        say=tuple(say or ()),
        wav=tuple(wav or ()),
        caller=from_,
        called=to,
        agent_id=agent,
        record=record,
        timeout_s=timeout,
        speaks_first=speak_first,
        as_json=as_json,
    )
    sys.exit(place_call(options))
