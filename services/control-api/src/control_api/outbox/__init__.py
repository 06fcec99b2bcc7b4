"""Configuration on its way from Postgres to NATS KV."""
