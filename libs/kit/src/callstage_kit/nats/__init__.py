"""NATS: connection, configuration buckets, events."""
