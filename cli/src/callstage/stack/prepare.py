"""The schema and the first tenant: `python -m callstage.stack.prepare`, one process that imports no more than that needs."""

import asyncio
import json
import sys

from callstage_kit.settings import from_environment
from control_api.bootstrap import bootstrap
from control_api.db.database import Database
from control_api.db.unit_of_work import Writer
from control_api.features.tenants.service import TenantService
from control_api.migrate import migrate
from control_api.settings import ControlApiSettings


def main() -> None:
    """Reads `{"email", "password", "key"}` on stdin, prints `{"tenant_id", …}`."""
    first: dict[str, str] = json.load(sys.stdin)
    settings = from_environment(ControlApiSettings)
    migrate(settings.sqlalchemy_url)
    sys.stdout.write(json.dumps(asyncio.run(_bootstrap(settings, first))) + "\n")


async def _bootstrap(settings: ControlApiSettings, first: dict[str, str]) -> dict[str, str]:
    database = Database(settings.sqlalchemy_url, pool_size=1, timeout_s=settings.database_timeout_s)
    try:
        writer = Writer(database, lambda: None)
        tenants = TenantService(writer, settings.secret_box)
        return await bootstrap(
            writer, tenants, name="Demo", email=first["email"], password=first["password"], key=first["key"], is_platform=False, webhook_key=None
        )
    finally:
        await database.engine.dispose()


if __name__ == "__main__":
    main()
