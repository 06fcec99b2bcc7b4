"""Redis or Valkey."""
