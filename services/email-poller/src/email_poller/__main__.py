"""`python -m email_poller`."""

from callstage_kit.lifecycle import run_service
from callstage_kit.settings import from_environment

from email_poller.settings import EmailPollerSettings
from email_poller.wiring import build


def main() -> None:
    """Serve until told to stop."""
    settings = from_environment(EmailPollerSettings)
    run_service("email-poller", settings, build(settings))


if __name__ == "__main__":
    main()
