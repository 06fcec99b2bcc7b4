"""Markdown as the plain text a person would have typed (rule M7)."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def strip_markdown(text: str) -> str:
    """Paragraphs apart by an empty line, lists with `-` or numbers, links as `words (address)`; all other marks are gone."""
    return _Walk().over(_MARKDOWN.parse(text)).strip()


class _Walk:
    """Collects blocks; `lists` holds the next number of every open ordered list, None for a bullet list."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._lists: list[int | None] = []
        self._bullet = ""
        self._cells: list[str] | None = None

    def over(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._take(token)
        return "\n".join(self._out)

    def _take(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
                self._end_block()
            case "list_item_open":
                self._bullet = self._next_bullet()
            case "tr_open":
                self._cells = []
            case "tr_close":
                self._out.append(" | ".join(self._cells or ()))
                self._cells = None
            case "table_close" | "hr":
                self._end_block()
            case "fence" | "code_block":
                self._out.extend(token.content.rstrip("\n").split("\n"))
                self._end_block()
            case "inline":
                self._line(_inline(token.children or []))
            case _:
                pass

    def _next_bullet(self) -> str:
        indent = "  " * (len(self._lists) - 1)
        number = self._lists[-1] if self._lists else None
        if number is None:
            return f"{indent}- "
        self._lists[-1] = number + 1
        return f"{indent}{number}. "

    def _line(self, text: str) -> None:
        if self._cells is not None:
            self._cells.append(text)
            return
        self._out.extend(f"{self._bullet}{text}".split("\n"))
        self._bullet = ""
        if not self._lists:
            self._end_block()

    def _end_block(self) -> None:
        if not self._lists and self._out and self._out[-1]:
            self._out.append("")


def _inline(tokens: Sequence[Token]) -> str:
    out: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline" | "text_special":
                out.append(token.content)
            case "softbreak" | "hardbreak":
                out.append("\n")
            case "image":
                out.append(token.content)
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(out)))
            case "link_close":
                address, start = links.pop()
                bare = address.removeprefix("mailto:")
                if bare and "".join(out[start:]).strip() not in (address, bare):
                    out.append(f" ({bare})")
            case _:
                pass
    return "".join(out)
