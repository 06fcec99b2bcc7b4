"""Everything that speaks with a caller: carrier streams and browser sockets behind one interface."""
