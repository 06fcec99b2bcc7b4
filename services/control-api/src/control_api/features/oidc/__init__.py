"""Signing in with OpenID Connect: authorization code with PKCE (rule AC1)."""
