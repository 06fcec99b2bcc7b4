"""The `callstage` command."""

import signal


def main() -> None:
    """Entry point of the console script."""
    # While everything is being imported, Ctrl-C ends the process without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from callstage.commands import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    app()


if __name__ == "__main__":
    main()
