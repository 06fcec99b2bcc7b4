"""/v1/audio."""

from typing import Annotated

from fastapi import Depends
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from control_api.access.dependencies import Editor, Viewer
from control_api.access.idempotent_route import api_router
from control_api.features.audio.schemas import AudioFile, AudioFileList, AudioName
from control_api.features.audio.service import AudioService
from control_api.web.problems import FieldError
from control_api.web.provide import provided
from control_api.web.schema import Paging

router = api_router("audio")
Service = Annotated[AudioService, Depends(provided(AudioService))]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {"schema": {"type": "object", "properties": {"file": {"type": "string", "format": "binary"}}, "required": ["file"]}}


@router.get("/v1/audio")
async def list_audio(caller: Viewer, service: Service, paging: Paging) -> AudioFileList:
    """Uploaded audio by name."""
    page = await service.list_page(caller, paging)
    return AudioFileList(files=[AudioFile.model_validate(row) for row in page.items], next_cursor=page.next_cursor)


@router.put(
    "/v1/audio/{name}",
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY, "multipart/form-data": _FORM}}},
)
async def put_audio(caller: Editor, service: Service, name: AudioName, request: Request) -> AudioFile:
    """Upload audio of any format, raw or as the form field `file`, up to 10 MiB."""
    data = await _uploaded(request)
    if not data:
        raise FieldError("body", "is empty")
    return AudioFile.model_validate(await service.put(caller, name, data))


@router.get("/v1/audio/{name}", response_class=Response, responses={200: {"content": {"audio/wav": _BINARY}}})
async def get_audio(caller: Viewer, service: Service, name: AudioName) -> Response:
    """The audio as 8 kHz mono WAV."""
    return Response(await service.wav(caller, name), media_type="audio/wav")


@router.delete("/v1/audio/{name}", status_code=204)
async def remove_audio(caller: Editor, service: Service, name: AudioName) -> None:
    """Remove the audio."""
    await service.remove(caller, name)


async def _uploaded(request: Request) -> bytes:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form(max_files=1, max_fields=5) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise FieldError("file", "is needed")
        return await file.read()
