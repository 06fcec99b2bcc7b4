"""Proves that the fakes run as a process of their own, tell their URLs and export their records."""

import asyncio
import json
import signal
import sys

import aiohttp


async def test_fakes_start_answer_export_and_stop() -> None:
    arguments = ["-m", "callstage_testing.fakes", "--openai", "0", "--deepgram", "0", "--imap", "0", "--llm-ttft-s", "0", "--llm-answer", "Yes."]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        urls = json.loads(await process.stdout.readline())
        assert set(urls) == {"openai", "openai_records", "deepgram", "deepgram_records", "smtp", "imap"}
        body = {"model": "m", "messages": [{"role": "user", "content": "well?"}]}
        async with http.post(f"{urls['openai']}/chat/completions", json=body, headers={"Authorization": "Bearer sk-test"}) as response:
            assert (await response.json())["choices"][0]["message"]["content"] == "Yes."
        async with http.get(urls["openai_records"]) as records:
            [record] = await records.json()
        assert json.loads(record["body"]) == body
        assert record["status"] == 200
        async with http.delete(urls["openai_records"]) as forgotten:
            assert forgotten.status == 204
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
