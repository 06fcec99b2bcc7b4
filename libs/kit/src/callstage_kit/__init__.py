"""The chassis every service stands on: settings, lifecycle, tasks, health, NATS, Redis, gRPC, telemetry."""
