"""Columns of a shared secret that is replaced with an overlap."""

from datetime import datetime

from callstage_domain.rotation import secrets_in_use
from sqlalchemy.orm import Mapped

from control_api.db.tables import now


class RotatingSecret:
    """A part of a table. Both secrets are sealed, and both are valid until `previous_expires_at`."""

    secret_sealed: Mapped[str]
    previous_secret_sealed: Mapped[str | None]
    previous_expires_at: Mapped[datetime | None]

    def rotate(self, sealed: str, previous_expires_at: datetime) -> None:
        """The secret of now becomes the one before; the one before that ends."""
        self.previous_secret_sealed, self.previous_expires_at = self.secret_sealed, previous_expires_at
        self.secret_sealed = sealed

    def end_previous(self) -> None:
        """Only the newest is valid from now on."""
        self.previous_secret_sealed = self.previous_expires_at = None

    @property
    def secrets_sealed(self) -> tuple[str, ...]:
        """Those that are valid, newest first."""
        return secrets_in_use(self.secret_sealed, self.previous_secret_sealed, self.previous_expires_at, now())

    @property
    def overlap_until(self) -> datetime | None:
        """None: only the newest is valid."""
        return self.previous_expires_at if len(self.secrets_sealed) > 1 else None
