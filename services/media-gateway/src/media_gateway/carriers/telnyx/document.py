"""TeXML. Without `bidirectionalMode="rtp"` Telnyx silently drops what we play."""

from media_gateway.carriers import markup
from media_gateway.carriers.port import StreamInstructions


def stream_document(instructions: StreamInstructions, codec: str, rate_hz: int) -> str:
    """Connect to our socket; the inbound codec is the leg's own, the outbound one is pinned."""
    attributes = {
        "url": instructions.url,
        "track": "inbound_track",
        "bidirectionalMode": "rtp",
        "bidirectionalCodec": codec,
        "bidirectionalSamplingRate": str(rate_hz),
    }
    return markup.document(
        *markup.greeting(instructions.greeting),
        markup.connect_stream(attributes, instructions.parameters),
        markup.redirect(instructions.resume_url),
    )
