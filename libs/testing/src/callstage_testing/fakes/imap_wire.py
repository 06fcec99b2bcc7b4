"""IMAP4rev1's tokens: atoms, quoted strings, literals and lists, read from a stream of lines."""

from __future__ import annotations

import asyncio
import re

from callstage_testing.fakes.mailbox import Term

_LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")
_MAX_LITERAL_BYTES = 32 * 1024 * 1024


class WireProblem(Exception):
    """The client's line cannot be read."""


class LiteralText(str):
    """A string that came as a literal; `raw` has its exact bytes."""

    raw: bytes

    def __new__(cls, raw: bytes) -> LiteralText:
        text = super().__new__(cls, raw.decode("utf-8", "replace"))
        text.raw = raw
        return text


async def read_command(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[Term] | None:
    """One command with its literals as nested terms; None at the end of the connection. Raises `WireProblem`."""
    pieces: list[bytes | LiteralText] = []
    while True:
        line = await reader.readline()
        if not line:
            return None
        line = line.rstrip(b"\r\n")
        literal = _LITERAL.search(line)
        if literal is None:
            pieces.append(line)
            return _parse(pieces)
        size = int(literal[1])
        if size > _MAX_LITERAL_BYTES:
            raise WireProblem("literal too large")
        pieces.append(line[: literal.start()])
        if not literal[2]:
            writer.write(b"+ Ready for literal data\r\n")
            await writer.drain()
        pieces.append(LiteralText(await reader.readexactly(size)))


def _parse(pieces: list[bytes | LiteralText]) -> list[Term]:
    stack: list[list[Term]] = [[]]
    for piece in pieces:
        if isinstance(piece, LiteralText):
            stack[-1].append(piece)
        else:
            _parse_text(piece.decode("utf-8", "replace"), stack)
    if len(stack) != 1:
        raise WireProblem("unbalanced parentheses")
    return stack[0]


def _parse_text(text: str, stack: list[list[Term]]) -> None:
    position = 0
    while position < len(text):
        char = text[position]
        if char == " ":
            position += 1
        elif char == "(":
            nested: list[Term] = []
            stack[-1].append(nested)
            stack.append(nested)
            position += 1
        elif char == ")":
            if len(stack) == 1:
                raise WireProblem("unbalanced parentheses")
            stack.pop()
            position += 1
        elif char == '"':
            value, position = _quoted(text, position + 1)
            stack[-1].append(value)
        else:
            value, position = _atom(text, position)
            stack[-1].append(value)


def _quoted(text: str, position: int) -> tuple[str, int]:
    value: list[str] = []
    while position < len(text) and text[position] != '"':
        if text[position] == "\\":
            position += 1
        value.append(text[position : position + 1])
        position += 1
    if position >= len(text):
        raise WireProblem("unterminated string")
    return "".join(value), position + 1


def _atom(text: str, position: int) -> tuple[str, int]:
    """An atom; brackets as in `BODY.PEEK[HEADER.FIELDS (A B)]` belong to it."""
    start, depth = position, 0
    while position < len(text):
        char = text[position]
        depth += (char == "[") - (char == "]")
        if depth == 0 and char in ' ()"':
            break
        position += 1
    return text[start:position], position


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
