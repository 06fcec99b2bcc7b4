"""Proves UI1 AC1: the manager's page, its files and what a browser is told about them; the API keeps its own addresses."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from callstage_kit.health import Health
from control_api.app import create_app
from control_api.settings import ControlApiSettings


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Callstage</title>")
    (tmp_path / "embed-preview.html").write_text("<!doctype html><title>Preview</title>")
    (tmp_path / "signature-preview.html").write_text("<!doctype html><title>Signature</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-abc123.js").write_text("console.log(1);" * 200)
    (tmp_path.parent / "secret.txt").write_text("not for browsers")
    app = create_app({}, Health(), gateway_public_url="https://calls.example.com", web_root=tmp_path)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://manager.example.com") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/calls", "/agents/pizzeria/stages", "/calls/call_1?t=3"])
async def test_every_address_of_the_browser_gets_the_page(browser: httpx2.AsyncClient, path: str) -> None:
    reply = await browser.get(path)
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/html")
    assert reply.headers["cache-control"] == "no-cache"


async def test_scripts_come_from_here_alone_and_sockets_reach_the_gateway(browser: httpx2.AsyncClient) -> None:
    policy = dict(part.split(" ", 1) for part in (await browser.get("/")).headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self' https://calls.example.com wss://calls.example.com"
    assert policy["frame-ancestors"] == "'none'"


async def test_only_the_page_that_shows_the_widget_runs_a_script_of_the_gateway(browser: httpx2.AsyncClient) -> None:
    reply = await browser.get("/embed-preview?token=emb_1")
    assert "script-src 'self' https://calls.example.com" in reply.headers["content-security-policy"]
    assert "<title>Preview" in reply.text


async def test_the_page_that_shows_logos_of_other_sites_runs_no_script(browser: httpx2.AsyncClient) -> None:
    """M3: the manager itself loads no image from elsewhere; the frame that does can do nothing else."""
    policy = (await browser.get("/signature-preview")).headers["content-security-policy"]
    assert "img-src https:;" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "img-src 'self' data: blob:;" in (await browser.get("/")).headers["content-security-policy"]


async def test_hashed_files_are_kept_for_ever_and_sent_small(browser: httpx2.AsyncClient) -> None:
    reply = await browser.get("/assets/index-abc123.js", headers={"accept-encoding": "gzip"})
    assert reply.status_code == 200
    assert "immutable" in reply.headers["cache-control"]
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["content-type"].startswith("text/javascript")


async def test_a_missing_file_is_not_the_page(browser: httpx2.AsyncClient) -> None:
    reply = await browser.get("/assets/index-old.js")
    assert reply.status_code == 404
    assert "immutable" not in reply.headers.get("cache-control", "")


@pytest.mark.parametrize("path", ["/v1/nothing", "/api/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_unknown_addresses_of_the_api_stay_problems(browser: httpx2.AsyncClient, method: str, path: str) -> None:
    reply = await browser.request(method, path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/..%5csecret.txt", "/assets/..%2f..%2fsecret.txt"])
async def test_nothing_outside_the_folder_is_served(browser: httpx2.AsyncClient, path: str) -> None:
    assert "not for browsers" not in (await browser.get(path)).text


async def test_the_icon_is_a_file_of_its_own(browser: httpx2.AsyncClient) -> None:
    reply = await browser.get("/icon.svg")
    assert reply.headers["content-type"].startswith("image/svg+xml")


def test_a_folder_without_a_page_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="CALLSTAGE_WEB_ROOT"):
        _ = ControlApiSettings.model_construct(web_root=str(tmp_path)).manager_root
