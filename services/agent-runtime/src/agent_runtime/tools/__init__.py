"""Running the tools that the model asked for."""
