"""The embedded stack: real servers and the five services as processes under one supervisor."""
