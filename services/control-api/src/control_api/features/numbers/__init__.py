"""Phone numbers and where they lead."""
