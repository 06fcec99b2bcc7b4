"""gRPC servers, channels, and errors across them."""
