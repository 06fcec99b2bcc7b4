"""Proves C5 from the caller's side: hanging up never waits for a gateway that does not answer."""

import asyncio

from callstage_phone import CarrierSettings, TwilioCaller


async def test_the_caller_hangs_up_while_the_webhook_hangs() -> None:
    asked = asyncio.Event()

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with TwilioCaller(CarrierSettings(f"http://127.0.0.1:{port}/in"), auth_token="t") as twilio:
            call = twilio.dial(from_="+1", to="+2")
            async with asyncio.timeout(20):
                await asked.wait()
            async with asyncio.timeout(10):
                await call.hang_up()
    assert call.ended_by == "caller"
    assert call.documents == []
