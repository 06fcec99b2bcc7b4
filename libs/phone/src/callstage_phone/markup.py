"""TwiML and TeXML as a list of verbs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree


class BadDocument(Exception):
    """Not XML, or not a `<Response>`."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`<Stream>`: `attributes` as written, `parameters` from its `<Parameter>` children."""

    url: str
    attributes: Mapping[str, str]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb. `text` is all its character data, of nouns too; `targets` are the (noun, text) children of a `<Dial>`."""

    name: str
    text: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    stream: Stream | None = None
    targets: tuple[tuple[str, str], ...] = ()


def parse_document(text: str | bytes) -> list[Verb]:
    """Raises `BadDocument`."""
    declared = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if "<!" in declared.replace("<!--", ""):
        raise BadDocument("a document type has no place in TwiML")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no document type: nothing can be expanded)
    except ElementTree.ParseError as err:
        raise BadDocument(f"not well-formed XML: {err}") from err
    if root.tag != "Response":
        raise BadDocument(f"the root is <{root.tag}>, not <Response>")
    return [_verb(element) for element in root]


def _verb(element: ElementTree.Element) -> Verb:
    stream = element.find("Stream") if element.tag in ("Connect", "Start") else None
    targets = tuple((child.tag, (child.text or "").strip()) for child in element) if element.tag == "Dial" else ()
    text = " ".join(part.strip() for part in element.itertext() if part.strip())
    return Verb(element.tag, text, dict(element.attrib), _stream(stream) if stream is not None else None, targets)


def _stream(element: ElementTree.Element) -> Stream:
    parameters = {child.get("name", ""): child.get("value", "") for child in element.iter("Parameter")}
    return Stream(element.get("url", ""), dict(element.attrib), parameters)
