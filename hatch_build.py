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
        """Run ``npm ci`` and ``npm run build``, unless a source distribution brought the bundle."""
        root = Path(self.root)
        bundle = root / "sam_widget" / "static" / "widget.js"
        if not (root / "package.json").is_file() or (
            bundle.is_file() and not (root / ".git").exists()
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
