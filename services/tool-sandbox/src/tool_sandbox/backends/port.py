"""What every backend can do, and how it fails (rules T3, T4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, Protocol

from callstage_domain.errors import DependencyError

BackendErrorKind = Literal["authentication", "access", "validation", "not_found", "unavailable", "failed", "not_configured"]

SANDBOX_ERRORS: Final[dict[BackendErrorKind, type[OSError]]] = {
    "authentication": NotADirectoryError,
    "access": PermissionError,
    "validation": FileExistsError,
    "not_found": FileNotFoundError,
    "unavailable": TimeoutError,
    "failed": OSError,
    "not_configured": OSError,
}
"""What tool code sees. The sandbox has no exceptions of its own making, only built-in ones: these all are `OSError`, which tool code
knows as `BackendError`, and the others by names such as `BackendAccessError` (see the prelude in `execution/program.py`)."""

READING_METHODS: Final = frozenset(
    {
        *("search", "search_read", "search_count", "read", "read_group", "web_search_read", "web_read", "name_search", "name_get"),
        *("fields_get", "default_get", "check_access_rights", "context_get", "exists", "has_access"),
        *("frappe.client.get", "frappe.client.get_list", "frappe.client.get_value", "frappe.client.get_count", "frappe.ping"),
    }
)
"""Methods of `server.call` that change nothing, so that they may be repeated; every other one counts as a write."""


class BackendError(DependencyError):
    """`message` is the backend's own. `is_ambiguous`: the request may have been processed although no answer came."""

    def __init__(self, message: str, *, kind: BackendErrorKind, vendor: str, is_ambiguous: bool = False) -> None:
        super().__init__(message[:2000], vendor=vendor, code=f"backend_{kind}", retryable=False)
        self.kind: BackendErrorKind = kind
        self.is_ambiguous = is_ambiguous


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer record as the caller lookup needs it. `phones` as stored, in any form."""

    customer_id: int | str
    name: str
    email: str
    phones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelField:
    """One field of a model (rule R2). `type` in the backend's own words; `relation` is the other model, `choices` what a selection allows."""

    name: str
    type: str
    label: str = ""
    is_required: bool = False
    is_readonly: bool = False
    relation: str = ""
    choices: tuple[str, ...] = ()


class Backend(Protocol):
    """One connection of one agent. `extra` goes to the backend unchanged. Every method raises BackendError."""

    @property
    def vendor(self) -> str:
        """`odoo`, `erpnext`."""
        ...

    async def search_read(self, model: str, domain: Sequence[Any], fields: Sequence[str], limit: int | None, extra: Mapping[str, Any]) -> Any:
        """Records that match, as dicts."""
        ...

    async def read(self, model: str, ids: Sequence[Any], fields: Sequence[str], extra: Mapping[str, Any]) -> Any:
        """Records by id."""
        ...

    async def create(self, model: str, vals: Any, extra: Mapping[str, Any]) -> Any:
        """The new record's id."""
        ...

    async def write(self, model: str, ids: Sequence[Any], vals: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """Change records."""
        ...

    async def delete(self, model: str, ids: Sequence[Any], extra: Mapping[str, Any]) -> Any:
        """Delete records."""
        ...

    async def call(self, model: str, method: str, ids: Sequence[Any] | None, extra: Mapping[str, Any]) -> Any:
        """Any method of a model."""
        ...

    async def made_since(self, model: str, since: datetime, fields: Sequence[str], limit: int) -> list[dict[str, Any]] | None:
        """Records that this login created since then, the newest first, with their ids; None: the backend cannot say."""
        ...

    async def find_customers(self, phone_digits: str, email: str) -> list[Customer]:
        """Customers whose stored phone holds these digits in order, whatever stands between them; or, without digits, with this e-mail address."""
        ...

    async def fields_of(self, model: str) -> list[ModelField]:
        """The model's fields, by name."""
        ...

    async def log_in(self) -> str:
        """Check the credentials; the version that answered."""
        ...
