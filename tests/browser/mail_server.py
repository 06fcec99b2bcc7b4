"""A mail server for browser tests: it has a thread of its own, as Playwright's loop runs in that of the test."""

import asyncio
import threading
from collections.abc import Generator
from contextlib import contextmanager

from callstage_testing.fakes.mail import FakeMail


@contextmanager
def mail_server(users: dict[str, str]) -> Generator[FakeMail]:
    """Runs until the block ends. Its lists may be read from other threads; `put` may be called, as nobody is in IDLE."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    mail = FakeMail(users)
    asyncio.run_coroutine_threadsafe(mail.__aenter__(), loop).result(10)
    try:
        yield mail
    finally:
        asyncio.run_coroutine_threadsafe(mail.__aexit__(None, None, None), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
