"""A telephone in the terminal: plays a carrier or a browser against a running platform."""
