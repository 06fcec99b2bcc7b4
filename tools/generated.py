"""Everything in the repository that is generated: protobuf code, two pages of docs/, openapi.json. `--check` fails when one is out of date."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PB = Path("libs/contracts/src/callstage_contracts/pb")
NOTE = '"""Generated from proto/ by make proto."""\n'


def generate_proto(into: Path) -> None:
    """Python, type stubs and gRPC code of every .proto under `into`."""
    sources = [str(path.relative_to(ROOT / "proto")) for path in sorted((ROOT / "proto").rglob("*.proto"))]
    outputs = [f"--{kind}_out={into}" for kind in ("python", "mypy", "grpc_python", "mypy_grpc")]
    plugins = [f"--plugin=protoc-gen-{name}={BIN / f'protoc-gen-{name}'}" for name in ("mypy", "mypy_grpc")]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}", *outputs, *plugins, *sources]
    subprocess.run(command, check=True, capture_output=True)
    for folder in [path for path in (into / "callstage_contracts" / "pb").rglob("*") if path.is_dir()] + [into / "callstage_contracts" / "pb"]:
        (folder / "__init__.py").write_text(NOTE)


def printed_by(*arguments: str) -> str:
    """Standard output of a Python command."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True, cwd=ROOT).stdout


def documents() -> dict[Path, str]:
    """Generated single files and their content."""
    return {
        Path("docs/settings.md"): printed_by("tools/settings_page.py"),
        Path("docs/asyncapi.json"): printed_by("tools/asyncapi.py"),
        Path("services/control-api/openapi.json"): printed_by("-m", "control_api", "openapi"),
        Path("docs/writing-tools.md"): printed_by("tools/writing_tools_page.py"),
    }


def tree(folder: Path) -> dict[str, str]:
    """Text of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*.py*")) if "__pycache__" not in path.parts}


def main() -> int:
    """Write or compare."""
    checking = "--check" in sys.argv
    stale: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        generate_proto(Path(name))
        fresh = Path(name) / "callstage_contracts" / "pb"
        if tree(fresh) != tree(ROOT / PB):
            stale.append(str(PB))
            if not checking:
                shutil.rmtree(ROOT / PB, ignore_errors=True)
                shutil.copytree(fresh, ROOT / PB)
    for path, text in documents().items():
        if not (ROOT / path).exists() or (ROOT / path).read_text() != text:
            stale.append(str(path))
            if not checking:
                (ROOT / path).write_text(text)
    if checking and stale:
        print(f"Out of date, run `make proto`: {', '.join(stale)}")
        return 1
    print(f"Generated files: {'updated ' + ', '.join(stale) if stale else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
