"""A sound as an HTTP reply, whole or in part (rule K1)."""

from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from control_api.features.recordings.ranges import ByteRange, NotSatisfiable, wanted_range
from control_api.features.recordings.sound import Sound

MEDIA_TYPE = "audio/mpeg"
BINARY = {"schema": {"type": "string", "format": "binary"}}
RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "The whole file, stereo MP3.", "content": {MEDIA_TYPE: BINARY}},
    206: {"description": "The part that the `Range` header asks for.", "content": {MEDIA_TYPE: BINARY}},
}


async def sound_response(request: Request, sound: Sound, file_name: str, *, as_download: bool) -> Response:
    """The first bytes are read before the reply begins, so that a failure is still an error reply."""
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "Content-Disposition": f'{"attachment" if as_download else "inline"}; filename="{file_name}"',
    }
    try:
        wanted = wanted_range(request.headers.get("range"), sound.size_bytes)
    except NotSatisfiable:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{sound.size_bytes}"})
    span = wanted or ByteRange(0, sound.size_bytes)
    headers["Content-Length"] = str(span.end - span.start)
    if wanted is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{sound.size_bytes}"
    pieces = sound.read(span)
    first = await anext(pieces)
    return StreamingResponse(_rest(first, pieces), 206 if wanted else 200, headers=headers, media_type=MEDIA_TYPE)


async def _rest(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    try:
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await pieces.aclose()
