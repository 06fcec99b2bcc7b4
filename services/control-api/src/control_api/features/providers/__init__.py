"""Keys of AI providers, and whether they answer."""
