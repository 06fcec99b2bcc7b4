"""TwiML. The stream's address carries no query, because Twilio drops it (docs/voice/twiml/stream)."""

from media_gateway.carriers import markup
from media_gateway.carriers.port import StreamInstructions


def stream_document(instructions: StreamInstructions) -> str:
    """Connect to our socket; what follows it is fetched from the resume address (rule C5)."""
    return markup.document(
        *markup.greeting(instructions.greeting),
        markup.connect_stream({"url": instructions.url}, instructions.parameters),
        markup.redirect(instructions.resume_url),
    )
