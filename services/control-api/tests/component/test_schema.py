"""Proves AC1 AC5: the migrations make exactly the tables of the models, and `bootstrap` can be repeated."""

import pytest
from alembic import command
from callstage_testing.servers import postgres_server
from control_api.bootstrap import bootstrap
from control_api.db.unit_of_work import Writer
from control_api.features.tenants.service import TenantService
from control_api.in_process import InProcess
from control_api.migrate import alembic_config, migrate
from sqlalchemy import create_engine, inspect


def test_models_and_migrations_agree() -> None:
    with postgres_server() as url:
        migrate(url)
        migrate(url)
        engine = create_engine(url)
        with engine.connect() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.check(config)
            command.downgrade(config, "base")
            connection.commit()
            assert inspect(connection).get_table_names() == ["alembic_version"]
        engine.dispose()


async def test_bootstrap_can_be_repeated(stack: InProcess) -> None:
    writer = Writer(stack.database, lambda: None)
    tenants = TenantService(writer, stack.settings.secret_box)

    async def run(email: str = "owner@demo.example.com") -> dict[str, str]:
        return await bootstrap(
            writer, tenants, name="Demo", email=email, password="a long password", key="vx_demo_key", is_platform=False, webhook_key="csk_live_demo"
        )

    first, second = await run(), await run()
    assert first["tenant_id"] == second["tenant_id"]
    assert first["api_key"] == second["api_key"] == "vx_demo_key"
    client = await stack.client(x_api_key="vx_demo_key")
    assert len((await client.get("/v1/api-keys")).json()["api_keys"]) == 1
    assert len((await client.get("/v1/users")).json()["users"]) == 1
    assert (await client.get("/v1/tenant")).json()["name"] == "Demo"
    other = await stack.tenant()
    with pytest.raises(SystemExit, match="another tenant"):
        await run(other.email)
