"""Connections to Postgres: read sessions, writing units of work, and whether it is there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import structlog
from callstage_domain.errors import CallerError, Conflict, DependencyError
from callstage_kit.tasks import TaskScope, forever
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

_log = structlog.get_logger(__name__)
_PING_INTERVAL_S = 1.0
_PING_TIMEOUT_S = 2.0


class Database:
    """The pool. Entered = it is being watched; Postgres need not be there. Sessions map the driver's errors to ours."""

    def __init__(self, url: str, *, pool_size: int, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=min(timeout_s, 5.0),
            pool_pre_ping=True,
            connect_args={"connect_timeout": 3, "options": f"-c statement_timeout={int(timeout_s * 1000)} -c timezone=UTC"},
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._scope = TaskScope("database")
        self._is_up = False

    async def __aenter__(self) -> Self:
        await self._ping()
        self._scope.start(forever(_PING_INTERVAL_S, self._ping, name="ping_postgres"), name="ping")
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None) -> None:
        await self._scope.close()
        await self.engine.dispose()

    @property
    def is_up(self) -> bool:
        """Whether Postgres answered the last ping."""
        return self._is_up

    @asynccontextmanager
    async def session(self, *, timeout_s: float | None = None) -> AsyncGenerator[AsyncSession]:
        """A session that is rolled back at the end; commit inside. Raises DependencyError when Postgres is away, Conflict on a broken constraint."""
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s), self._sessions() as session:
                yield session
        except IntegrityError as err:
            raise Conflict("somebody else changed this at the same moment, or it exists already") from err
        except TimeoutError as err:
            raise DependencyError("the database did not answer in time", vendor="postgres", phase="first_byte") from err
        except (OperationalError, InterfaceError, PendingRollbackError, PoolTimeoutError, OSError) as err:
            raise DependencyError("the database is not available", vendor="postgres") from err
        except (DataError, UnicodeEncodeError) as err:
            raise CallerError("a value of the request cannot be stored: it is out of range, or holds what is no text", code="invalid_value") from err
        except DBAPIError as err:
            if err.connection_invalidated:
                raise DependencyError("the database is not available", vendor="postgres") from err
            raise

    async def _ping(self) -> None:
        try:
            async with self.session(timeout_s=_PING_TIMEOUT_S) as session:
                await session.execute(text("SELECT 1"))
        except DependencyError as err:
            if self._is_up:
                _log.warning("postgres_lost", error=err.message)
            self._is_up = False
        else:
            if not self._is_up:
                _log.info("postgres_reached")
            self._is_up = True
