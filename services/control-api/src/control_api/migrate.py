"""`migrate`: bring the schema to the newest revision, one process at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

_LOCK_ID = 0x0CA116
MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Configuration without a file: migrations travel inside the package."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(sqlalchemy_url: str) -> None:
    """Blocking. Waits while another process migrates. Raises what SQLAlchemy raises when Postgres is away."""
    engine = create_engine(sqlalchemy_url, connect_args={"connect_timeout": 10})
    config = alembic_config()
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": _LOCK_ID})
            connection.commit()
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": _LOCK_ID})
                connection.commit()
    finally:
        engine.dispose()
