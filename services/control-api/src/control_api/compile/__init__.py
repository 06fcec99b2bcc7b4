"""From a draft to a snapshot, purely: no database, no network, no clock."""
