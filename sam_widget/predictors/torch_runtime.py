"""torch, where it is installed: it is an extra of the package."""

from __future__ import annotations

from importlib.util import find_spec

from sam_widget.errors import ModelError

__all__ = ["require"]


def require(purpose: str, *packages: str) -> None:
    """Refuse to go on without torch.

    Parameters
    ----------
    purpose : str
        What needs it, as the beginning of a sentence.
    packages : str
        What is needed besides.

    Raises
    ------
    ModelError
        If one of them is not installed.
    """
    missing = [name for name in ("torch", *packages) if find_spec(name) is None]
    if missing:
        raise ModelError(
            f"{purpose} needs {' and '.join(missing)}, not installed here. "
            'Run `pip install "sam-widget[torch]"`; the model "lite" works without.'
        )
