"""Tools while they are designed: checked, summed up, tried."""
