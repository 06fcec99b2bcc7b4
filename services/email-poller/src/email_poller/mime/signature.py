"""The mailbox's signature: rich text made safe for a customer's mail client (rule M3)."""

from copy import deepcopy

import nh3

_TAGS = {"a", "b", "br", "div", "em", "font", "hr", "i", "img", "li", "ol", "p", "small", "span", "strong", "table", "tbody", "td", "tr", "u", "ul"}
_ATTRIBUTES = {
    "*": {"style"},
    "a": {"href", "title"},
    "font": {"color", "face", "size"},
    "img": {"alt", "src"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"align", "valign"},
}
_STYLES = {
    "background-color", "border", "border-left", "border-right", "border-top", "border-bottom", "color", "font-family", "font-size", "font-style",
    "font-weight", "line-height", "margin", "max-height", "padding", "text-align", "text-decoration", "vertical-align",
}  # fmt: skip
_LOGO_STYLE = "max-height:60px"


def clean_signature(html: str) -> str:
    """Only formatting, links and https images, which are kept 60 px tall by an inline style (mail clients ignore style sheets)."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=deepcopy(_ATTRIBUTES),
        clean_content_tags={"script", "style"},
        attribute_filter=_attribute,
        url_schemes={"https", "http", "mailto", "tel"},
        url_relative="deny",
        filter_style_properties=_STYLES,
        set_tag_attribute_values={"img": {"style": _LOGO_STYLE}},
    ).strip()


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "img" and name == "src" and not value.lower().startswith("https://"):
        return None
    return value
