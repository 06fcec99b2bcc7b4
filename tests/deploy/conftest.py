"""Renders the overlays without kustomize. It knows what our files use and refuses everything else, so that nothing passes unrendered."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Document = dict[str, Any]

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy" / "k8s"
_KNOWN = {"apiVersion", "kind", "resources", "components", "namespace", "patches", "images"}
_CLUSTER_WIDE = {"Namespace", "RuntimeClass"}


def render(folder: Path, inherited: list[Document] | None = None) -> list[Document]:
    """Documents of a kustomization: resources, then components over them, then patches, namespace, images."""
    spec = yaml.safe_load((folder / "kustomization.yaml").read_text())
    if unknown := set(spec) - _KNOWN:
        raise ValueError(f"{folder}: the renderer does not know {sorted(unknown)}")
    documents = list(inherited or [])
    for entry in spec.get("resources", []):
        path = (folder / entry).resolve()
        documents += render(path) if path.is_dir() else [document for document in yaml.safe_load_all(path.read_text()) if document]
    for entry in spec.get("components", []):
        documents = render((folder / entry).resolve(), documents)
    for entry in spec.get("patches", []):
        _patch(folder, entry, documents)
    for document in documents:
        if "namespace" in spec and document["kind"] not in _CLUSTER_WIDE:
            document["metadata"]["namespace"] = spec["namespace"]
        for image in spec.get("images", []):
            _set_image(document, image)
    return documents


def _patch(folder: Path, entry: Document, documents: list[Document]) -> None:
    if unknown := set(entry) - {"path", "patch", "target"} | set(entry["target"]) - {"kind", "name"}:
        raise ValueError(f"{folder}: the renderer does not know {sorted(unknown)} in a patch")
    operations = yaml.safe_load((folder / entry["path"]).read_text() if "path" in entry else entry["patch"])
    kind, name = entry["target"]["kind"], entry["target"].get("name")
    targets = [document for document in documents if document["kind"] == kind and name in (None, document["metadata"]["name"])]
    if not targets:
        raise ValueError(f"{folder}: a patch has no target: {entry['target']}")
    for target in targets:
        for operation in operations:
            _apply(target, copy.deepcopy(operation))


def _apply(document: Document, operation: Document) -> None:
    """One operation of RFC 6902: add, replace or remove. Raises when the place does not exist."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    key: Any = last if isinstance(place, dict) else len(place) if last == "-" else int(last)
    match operation["op"]:
        case "add" if isinstance(place, list):
            place.insert(key, operation["value"])
        case "add":
            place[key] = operation["value"]
        case "replace":
            assert isinstance(place, list) or key in place, operation
            place[key] = operation["value"]
        case "remove":
            del place[key]
        case other:
            raise ValueError(f"the renderer does not know the operation {other}")


def _set_image(document: Document, image: Document) -> None:
    for container in document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", []):
        name, _, _ = container["image"].partition(":")
        if name == image["name"]:
            container["image"] = f"{image.get('newName', name)}:{image['newTag']}"


@pytest.fixture(scope="session", params=["dev", "production"])
def overlay(request: pytest.FixtureRequest) -> str:
    """Name of an overlay; a test that takes it runs for each."""
    return request.param


@pytest.fixture(scope="session")
def documents(overlay: str) -> list[Document]:
    """What an overlay renders to."""
    return render(K8S / "overlays" / overlay)


@pytest.fixture(scope="session")
def of_kind(documents: list[Document]) -> Callable[[str], dict[str, Document]]:
    """Documents of a kind by name."""

    def choose(kind: str) -> dict[str, Document]:
        return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}

    return choose
