"""argon2, in a thread: one hash costs tens of milliseconds of CPU (rule AC1)."""

from callstage_kit.tasks import in_thread
from pwdlib import PasswordHash

_HASHER = PasswordHash.recommended()
# Checked when there is no such user, so that the answer takes as long as for a wrong password.
_NOBODY = _HASHER.hash("nobody has this password")


async def hash_password(password: str) -> str:
    """For storing."""
    return await in_thread(_HASHER.hash, password)


async def is_password(password: str, stored: str | None) -> bool:
    """Compare; `stored` None (no such user) takes as long and is never right."""
    matches = await in_thread(_HASHER.verify, password, stored or _NOBODY)
    return matches and stored is not None
