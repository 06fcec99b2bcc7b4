"""TwiML and TeXML: which verbs are there, and the `<Stream>` in `<Connect>`."""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree


class BadDocument(ValueError):
    """Not a `<Response>`."""


@dataclass(frozen=True, slots=True)
class Stream:
    """`parameters` are the `<Parameter>` children: they come back in the `start` message."""

    url: str
    attributes: Mapping[str, str]
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verb:
    """`text` holds all the character data, of nouns too (the numbers of a `<Dial>`)."""

    name: str
    text: str
    attributes: Mapping[str, str]
    stream: Stream | None = None


def parse_document(text: str) -> list[Verb]:
    """The verbs in order. Raises BadDocument."""
    if "<!" in text.replace("<!--", ""):
        raise BadDocument("a document type has no place in TwiML")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no document type: nothing can be expanded)
    except ElementTree.ParseError as err:
        raise BadDocument(f"not well-formed XML: {err}") from err
    if root.tag != "Response":
        raise BadDocument(f"the root is <{root.tag}>, not <Response>")
    return [_verb(element) for element in root]


def _verb(element: ElementTree.Element) -> Verb:
    stream = element.find("Stream") if element.tag == "Connect" else None
    text = " ".join(part.strip() for part in element.itertext() if part.strip())
    return Verb(element.tag, text, dict(element.attrib), None if stream is None else _stream(stream))


def _stream(element: ElementTree.Element) -> Stream:
    parameters = {child.get("name", ""): child.get("value", "") for child in element.iter("Parameter")}
    return Stream(element.get("url", ""), dict(element.attrib), parameters)
