"""The public edge: webhooks of carriers, media sockets of carriers and browsers."""
