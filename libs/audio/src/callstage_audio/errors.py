"""Errors of this package. They are `ValueError`s: the bytes given are not what the function needs."""


class AudioFormatError(ValueError):
    """The bytes are no audio that we can read, or not of the shape asked for. The message is fit for the person who sent them."""


class AudioTooLongError(AudioFormatError):
    """The audio lasts longer than the caller allows."""

    def __init__(self, max_seconds: float) -> None:
        super().__init__(f"audio is longer than {max_seconds:g} seconds")
        self.max_seconds = max_seconds
