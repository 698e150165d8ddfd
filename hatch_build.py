"""Build hook: bundle the page with npm before a wheel or an editable install is made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleHook(BuildHookInterface):
    """Make sure that ``sam_widget/static`` holds the bundle."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run ``npm ci`` and ``npm run build``, unless a source distribution brought the bundle.

        Nor is a bundle made again that is newer than what it is made of: a second environment may
        be installed from the same checkout.
        """
        root = Path(self.root)
        bundle = root / "sam_widget" / "static" / "widget.js"
        if not (root / "package.json").is_file() or (
            bundle.is_file() and (not (root / ".git").exists() or _is_newest(bundle, root))
        ):
            return
        npm = shutil.which("npm")
        if npm is None:
            if bundle.is_file():
                return
            raise RuntimeError(
                "The page's bundle sam_widget/static/widget.js is missing and npm was not found. "
                "Install Node.js 20 or newer and run this again, or install a released wheel."
            )
        if not (root / "node_modules").is_dir():
            subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=root, check=True)
        subprocess.run([npm, "run", "--silent", "build"], cwd=root, check=True)


def _is_newest(bundle: Path, root: Path) -> bool:
    sources = [*(root / "js/src").rglob("*"), root / "js/build.mjs", root / "package.json"]
    return all(source.stat().st_mtime <= bundle.stat().st_mtime for source in sources)
