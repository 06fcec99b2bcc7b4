"""media-gateway: carriers and browsers in, audio frames out."""
