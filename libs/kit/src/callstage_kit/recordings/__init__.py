"""Where the sound of calls is kept, sealed: written by media-gateway, read by control-api."""
