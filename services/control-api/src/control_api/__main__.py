"""`python -m control_api [serve|migrate|bootstrap|openapi]`."""

import argparse
import asyncio
import json
import sys

from callstage_kit.lifecycle import run_service
from callstage_kit.settings import from_environment

from control_api.app import openapi_document
from control_api.bootstrap import bootstrap
from control_api.db.unit_of_work import Writer
from control_api.features.tenants.service import TenantService
from control_api.migrate import migrate
from control_api.settings import ControlApiSettings
from control_api.wiring import build, make_database


def main() -> None:
    """Runs the command named on the command line; without one, serves."""
    arguments = _parser().parse_args()
    if arguments.command == "openapi":
        sys.stdout.write(json.dumps(openapi_document(), indent=2, ensure_ascii=False) + "\n")
        return
    settings = from_environment(ControlApiSettings)
    if arguments.command == "migrate":
        migrate(settings.sqlalchemy_url)
    elif arguments.command == "bootstrap":
        sys.stdout.write(json.dumps(asyncio.run(_bootstrap(settings, arguments))) + "\n")
    else:
        run_service("control-api", settings, build(settings))


async def _bootstrap(settings: ControlApiSettings, arguments: argparse.Namespace) -> dict[str, str]:
    database = make_database(settings)
    try:
        # A running control-api finds the outbox by itself; without one it is read at the next start.
        writer = Writer(database, lambda: None)
        return await bootstrap(
            writer,
            TenantService(writer, settings.secret_box),
            name=arguments.tenant,
            email=arguments.email,
            password=arguments.password,
            key=arguments.key,
            is_platform=arguments.platform,
            webhook_key=arguments.webhook_key,
        )
    finally:
        await database.engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m control_api", description="REST API and system of record of Callstage.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve until SIGTERM (the default)")
    commands.add_parser("migrate", help="bring the database schema to the newest revision")
    commands.add_parser("openapi", help="print the OpenAPI document")
    first = commands.add_parser("bootstrap", help="make a tenant with an owner and an API key; prints one JSON line")
    first.add_argument("--tenant", required=True, metavar="NAME")
    first.add_argument("--email", required=True)
    first.add_argument("--password", required=True)
    first.add_argument("--key", metavar="vx_…", help="use this API key as it is")
    first.add_argument("--platform", action="store_true", help="the key may move agents between tenants")
    first.add_argument("--webhook-key", metavar="csk_live_…", help="use this key to sign tool webhooks, if the tenant has none")
    return parser


if __name__ == "__main__":
    main()
