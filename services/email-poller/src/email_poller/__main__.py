"""`python -m email_poller`."""

from callstage_kit.lifecycle import run_service

from email_poller.settings import EmailPollerSettings
from email_poller.wiring import build


def main() -> None:
    """Serve until told to stop."""
    settings = EmailPollerSettings()  # pyright: ignore[reportCallIssue]  # master_keys comes from the environment
    run_service("email-poller", settings, build(settings))


if __name__ == "__main__":
    main()
