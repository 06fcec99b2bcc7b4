"""Looking at tool code without running it."""
