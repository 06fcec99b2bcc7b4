"""The signature under an agent's mails: rich text made safe for a customer's mail client (rule M3).

control-api cleans what it stores, email-poller cleans once more what it sends. What is unknown is taken out without a word: people paste
from word processors. Only a logo that no mail would show is worth a refusal; see `refused_logos`.
"""

from copy import deepcopy
from typing import Final

import nh3

MAX_LOGO_PX: Final = 60
_TAGS = {"a", "b", "br", "div", "em", "font", "hr", "i", "img", "li", "ol", "p", "small", "span", "strong", "table", "tbody", "td", "tr", "u", "ul"}
_ATTRIBUTES = {
    "*": {"style"},
    "a": {"href", "title"},
    "font": {"color", "face", "size"},
    "img": {"alt", "height", "src"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"align", "valign"},
}
_STYLES = {
    "background-color", "border", "border-left", "border-right", "border-top", "border-bottom", "color", "font-family", "font-size", "font-style",
    "font-weight", "line-height", "margin", "max-height", "padding", "text-align", "text-decoration", "vertical-align",
}  # fmt: skip


def clean_signature(html: str) -> str:
    """Only formatting, links (http, https, mailto, tel) and https images; "" when nothing is left that anybody would see.

    An image is held to 60 px by an inline style, as mail clients ignore style sheets; one that names its `height` within that keeps it,
    for clients that ignore `max-height`, too.
    """
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=deepcopy(_ATTRIBUTES),
        clean_content_tags={"script", "style"},
        attribute_filter=_attribute,
        url_schemes={"https", "http", "mailto", "tel"},
        url_relative="deny",
        filter_style_properties=_STYLES,
        set_tag_attribute_values={"img": {"style": f"max-height:{MAX_LOGO_PX}px"}},
    ).strip()
    is_seen = nh3.clean(clean, tags={"img"}, attributes={}).replace("&nbsp;", "").strip() != ""
    return clean if is_seen else ""


def refused_logos(html: str) -> list[str]:
    """The addresses of images that `clean_signature` takes out: not https, so a mail would show a hole in their place."""
    refused: list[str] = []

    def look(tag: str, name: str, value: str) -> str | None:
        if (tag, name) == ("img", "src") and not _is_shown(value):
            refused.append(value)
        return value

    # Any scheme is let through to be looked at; nothing of the result is used.
    schemes = {"https", "http", "data", "blob", "cid", "file", "ftp", "javascript"}
    nh3.clean(html, tags={"img"}, attributes={"img": {"src"}}, attribute_filter=look, url_schemes=schemes, clean_content_tags={"script", "style"})
    return refused


def _is_shown(address: str) -> bool:
    return address.lower().startswith("https://")


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src"):
        return value if _is_shown(value) else None
    if name == "style":
        # Values are not judged by the property allowlist: none of them may load or run anything in an old client.
        return None if any(part in value.lower() for part in ("url(", "expression(", "\\", "@import")) else value
    if (tag, name) == ("img", "height"):
        return value if value.isascii() and value.isdigit() and 0 < int(value[:4]) <= MAX_LOGO_PX else None
    return value
