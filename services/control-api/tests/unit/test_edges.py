"""Proves RE1 AC2: cursors, the committed OpenAPI document, scopes, settings."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from callstage_domain.errors import CallerError
from control_api.access.caller import role_of_scopes
from control_api.app import openapi_document
from control_api.db.rows import decode_cursor, encode_cursor
from control_api.features.numbers.phone import e164
from control_api.settings import ControlApiSettings
from control_api.web.problems import FieldError
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr


def test_the_committed_description_is_the_current_one() -> None:
    committed = json.loads((Path(__file__).parents[2] / "openapi.json").read_text())
    assert committed == openapi_document(), "run `python -m control_api openapi > services/control-api/openapi.json`"


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for methods in openapi_document()["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    assert len(ids) > 60


@given(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_cursor_comes_back_as_it_was(moment: datetime, key: str) -> None:
    assert decode_cursor(encode_cursor([moment, key]), [datetime, str]) == (moment, key)


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_the_callers_error(text: str) -> None:
    try:
        values = decode_cursor(text, [datetime, str])
    except CallerError:
        return
    assert [type(value) for value in values] == [datetime, str]


_MOMENT = {"t": "2024-01-01T00:00:00Z"}


@pytest.mark.parametrize("values", [["2024-01-01", "a"], [1, 2], [{"t": "2024-01-01T00:00:00"}, "a"], [_MOMENT, "a\0"], [_MOMENT]])
def test_a_cursor_of_another_list_is_the_callers_error(values: list[object]) -> None:
    forged = base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()
    with pytest.raises(CallerError, match="cursor"):
        decode_cursor(forged, [datetime, str])


@pytest.mark.parametrize(
    ("scopes", "role"),
    [(("*",), "owner"), (("admin",), "owner"), (("write", "read"), "editor"), (("read",), "viewer"), (("calls", "platform"), "viewer")],
)
def test_what_scopes_allow(scopes: tuple[str, ...], role: str) -> None:
    assert role_of_scopes(scopes) == role


def test_numbers_are_normalised() -> None:
    assert e164("+1 (415) 555-0100", "number") == "+14155550100"
    for wrong in ("", "4155550100", "+1", "+99912", "hello"):
        with pytest.raises(FieldError, match="number"):
            e164(wrong, "number")


def test_addresses_of_the_gateway_and_of_postgres() -> None:
    settings = ControlApiSettings(master_keys=SecretStr("k:AA=="), gateway_public_url="http://h:1/", database_url="postgresql://u@h/d?host=/tmp/x")
    assert settings.gateway_websocket_url == "ws://h:1/ws/voice"
    assert settings.sqlalchemy_url == "postgresql+psycopg://u@h/d?host=/tmp/x"
