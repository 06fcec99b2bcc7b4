"""Telnyx: TeXML webhooks and media streaming in rtp mode."""
