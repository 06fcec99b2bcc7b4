"""Client channels."""

import json
from typing import Any

import grpc

from callstage_kit.grpc.server import OPTIONS


def open_channel(target: str) -> grpc.aio.Channel:
    """A channel to `host:port`, or `dns:///headless-service:port` with round-robin over its replicas.

    Unary calls that found no server are retried (nothing had been processed); deadlines are the caller's.
    """
    config: dict[str, Any] = {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": ""},
        "methodConfig": [
            {
                "name": [{}],
                "retryPolicy": {
                    "maxAttempts": 3,
                    "initialBackoff": "0.05s",
                    "maxBackoff": "0.5s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
    return grpc.aio.insecure_channel(
        target,
        options=[
            *OPTIONS,
            ("grpc.service_config", json.dumps(config)),
            ("grpc.max_reconnect_backoff_ms", 1000),
            ("grpc.initial_reconnect_backoff_ms", 100),
        ],
    )
