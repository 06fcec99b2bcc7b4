"""The public API, called the way any integrator would: JSON over HTTP with an API key."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

import httpx2
from callstage_domain.errors import CallerError, CallstageError, DependencyError, NotFound, Unauthorized

from callstage.rows import Row, rows_in
from callstage.target import Target

_TIMEOUT_S = 15.0
_MAX_PAGE = 200
_ERRORS: Mapping[int, type[CallerError]] = {401: Unauthorized, 403: Unauthorized, 404: NotFound}


class PlatformApi:
    """A blocking client; use in `with`. Every method raises CallerError for a refusal and DependencyError when nobody answers."""

    def __init__(self, target: Target, *, timeout_s: float = _TIMEOUT_S) -> None:
        target.require("control_api", "api_key")
        self._base = target.control_api
        self._client = httpx2.Client(base_url=target.control_api, headers={"x-api-key": target.api_key}, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, **query: str | int) -> Row:
        """The JSON object at `path`."""
        return self._ask("GET", path, query)

    def post(self, path: str, body: Row) -> Row:
        """The JSON object that came back."""
        return self._ask("POST", path, {}, body)

    def one(self, path: str, name: str) -> Row:
        """The object at `path`, also when the answer holds it under its `name`."""
        answer = self.get(path)
        inner: Any = answer.get(name)
        return cast(Row, inner) if isinstance(inner, dict) else answer

    def rows(self, path: str, name: str, *, limit: int) -> list[Row]:
        """At most `limit` rows of the list called `name`, over as many pages as that takes."""
        rows: list[Row] = []
        cursor = ""
        while len(rows) < limit:
            page_size = min(limit - len(rows), _MAX_PAGE)
            page = self.get(path, limit=page_size, **({"cursor": cursor} if cursor else {}))
            rows += rows_in(page, name)
            cursor = str(page.get("next_cursor") or "")
            if not cursor:
                break
        return rows[:limit]

    def _ask(self, method: str, path: str, query: Mapping[str, str | int], body: Row | None = None) -> Row:
        try:
            reply = self._client.request(method, path, params=dict(query), json=body)
        except httpx2.HTTPError as err:
            raise DependencyError(
                f"The API at {self._base} does not answer ({type(err).__name__}). Is `make run` running?", vendor="control-api"
            ) from err
        if reply.status_code >= 400:
            raise _refusal(reply, path)
        try:
            answer: Any = reply.json() if reply.content else {}
        except ValueError as err:
            raise DependencyError(f"{self._base}{path} did not answer JSON; is this the API?", vendor="control-api", phase="stream") from err
        return cast(Row, answer) if isinstance(answer, dict) else {"items": answer}


def _refusal(reply: httpx2.Response, path: str) -> CallstageError:
    """The API's own words (problem+json) when it has some."""
    try:
        problem: Any = reply.json()
    except ValueError:
        problem = None
    fields: Row = cast(Row, problem) if isinstance(problem, dict) else {}
    words = str(fields.get("detail") or fields.get("title") or reply.text[:200] or "no reason given")
    words = "\n  ".join([words, *(str(finding.get("message", "")) for finding in rows_in(fields, "findings"))])
    if reply.status_code >= 500:
        return DependencyError(f"The API failed on {path} ({reply.status_code}): {words}", vendor="control-api", phase="first_byte")
    return _ERRORS.get(reply.status_code, CallerError)(f"{path}: {words} ({reply.status_code})")
