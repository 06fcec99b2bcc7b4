"""Where the platform is and with which keys: `dev.json` of the stack that runs here, under what the command line says."""

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from callstage_domain.errors import CallerError


class NoPlatform(CallerError):
    """There is nothing to talk to; the message says what to do."""

    code = "no_platform"


@dataclass(frozen=True, slots=True)
class Target:
    """Addresses are http base URLs without a slash at the end; empty means unknown.

    `public_url` is what the gateway takes itself for (a tunnel, say): carriers sign it, while the phone really connects to `media_gateway`.
    `telnyx_private_key` is the base64 of a 32-byte Ed25519 seed.
    """

    control_api: str = ""
    media_gateway: str = ""
    public_url: str = ""
    api_key: str = ""
    agent_id: str = ""
    number: str = ""
    twilio_auth_token: str = ""
    twilio_account_sid: str = ""
    telnyx_private_key: str = ""

    @classmethod
    def load(cls, home: Path, **given: str | None) -> Self:
        """`given` wins over `dev.json`; the keys of the local stack never go to another gateway or API."""
        chosen = {name: value.rstrip("/") for name, value in given.items() if value}
        known = _read_dev_json(home / "dev.json")
        if chosen.get("media_gateway", "") not in ("", known.get("media_gateway")):
            known = {}
        elif chosen.get("control_api", "") not in ("", known.get("control_api")):
            known.pop("api_key", None)
        target = replace(cls(**known), **chosen)
        return replace(target, public_url=target.public_url or target.media_gateway)

    def require(self, *names: str) -> Self:
        """Itself. Raises NoPlatform when one of these is unknown."""
        missing = [name for name in names if not getattr(self, name)]
        if "media_gateway" in missing or "control_api" in missing:
            raise NoPlatform(f"No platform found here ({', '.join(missing)} unknown). Is `make run` running? It can also be named: --url, --api-url.")
        if missing:
            raise NoPlatform(f"Missing: {', '.join(missing)}. Give it as an option (see --help); only those of a platform that runs here are known.")
        return self


def _read_dev_json(path: Path) -> dict[str, str]:
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as err:
        raise NoPlatform(f"{path} cannot be read ({err}). Restart `make run`.") from err
    return {field.name: str(content[field.name]) for field in fields(Target) if content.get(field.name)}
