"""Events from the data plane into Postgres."""
