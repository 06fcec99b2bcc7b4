"""Several processes of one service in one container: one per core, one address, the same metrics."""
