"""The gRPC edge: what the gateway and the e-mail poller call."""
