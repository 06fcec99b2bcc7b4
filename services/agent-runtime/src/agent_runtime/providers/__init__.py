"""Speech-to-text, language models and text-to-speech behind three ports."""
