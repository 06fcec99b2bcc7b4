"""A call on a model that hears and speaks itself; see `docs/decisions/0009`."""
