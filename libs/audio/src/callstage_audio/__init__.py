"""Audio maths: codecs, resampling, levels, tones, voice activity, containers. No sockets, no asyncio."""
