"""control-api: the REST API, the manager and the system of record."""
