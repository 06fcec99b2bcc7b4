"""A telephone in the terminal: the voice, the script and the report around the callers of callstage_phone."""
