"""Twilio: TwiML webhooks and Media Streams."""
