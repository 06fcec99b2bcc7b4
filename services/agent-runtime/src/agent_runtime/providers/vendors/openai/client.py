"""One light SDK client per key over the shared connection pool, and the mapping of the SDK's errors."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from callstage_domain.errors import Phase
from callstage_kit.egress_policy import EgressRefused
from callstage_kit.tasks import in_thread

from agent_runtime.providers import failures
from agent_runtime.providers.http_pool import HttpPool
from agent_runtime.providers.http_stream import HttpCall
from agent_runtime.providers.lazy_imports import load

if TYPE_CHECKING:
    from openai import AsyncOpenAI


class OpenAiClient:
    """Key, address and the lazily imported SDK (650 ms). `sdk` may be called from a thread to warm it up."""

    def __init__(self, vendor: str, api_key: str, base_url: str, pool: HttpPool) -> None:
        self.vendor = vendor
        self.pool = pool
        self._api_key = api_key
        self._base_url = base_url
        self._sdk: AsyncOpenAI | None = None
        self._lock = threading.Lock()

    @property
    def deadlines(self) -> failures.Deadlines:
        """How long the vendor may take."""
        return self.pool.deadlines

    def sdk(self) -> AsyncOpenAI:
        """The SDK client; retries are the chain's business, not the SDK's."""
        with self._lock:
            if self._sdk is None:
                load("openai")
                from openai import AsyncOpenAI

                http = self.pool.client
                self._sdk = AsyncOpenAI(api_key=self._api_key, base_url=self._base_url, max_retries=0, timeout=http.timeout, http_client=http)
            return self._sdk

    def call(self, path: str, body: dict[str, Any]) -> HttpCall:
        """A POST without the SDK; `path` is below the base URL."""
        return HttpCall(f"{self._base_url.rstrip('/')}/{path}", {"authorization": f"Bearer {self._api_key}"}, body)

    async def ready(self) -> AsyncOpenAI:
        """`sdk`, made in a thread if need be."""
        return self._sdk or await in_thread(self.sdk)

    @contextmanager
    def failures(self, phase: Phase) -> Generator[None, None, None]:
        """Map what the SDK and its transport raise."""
        import httpx2
        import openai

        try:
            yield
        except openai.APIStatusError as err:
            raise failures.by_status(self.vendor, err.status_code) from err
        except openai.APITimeoutError as err:
            at_connect = isinstance(err.__cause__, (httpx2.ConnectTimeout, httpx2.PoolTimeout))
            raise failures.timed_out(self.vendor, "connect" if at_connect else phase) from err
        except openai.APIConnectionError as err:
            if isinstance(err.__cause__, EgressRefused):
                raise failures.not_allowed(self.vendor) from err
            is_refused = isinstance(err.__cause__, httpx2.ConnectError)
            raise (failures.unreachable(self.vendor) if is_refused else failures.disconnected(self.vendor, phase)) from err
        except httpx2.TimeoutException as err:
            raise failures.timed_out(self.vendor, phase) from err
        except EgressRefused as err:
            raise failures.not_allowed(self.vendor) from err
        except httpx2.TransportError as err:
            raise failures.disconnected(self.vendor, phase) from err
        except (json.JSONDecodeError, openai.APIResponseValidationError, AttributeError, TypeError) as err:
            # The SDK parses chunks without checking them: a wrong shape surfaces as a missing attribute.
            raise failures.malformed(self.vendor, phase) from err
        except openai.APIError as err:
            raise failures.failed(self.vendor, phase) from err
