"""Outlines that files describe by a few figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ellipse_outline", "turned"]

_CORNERS = 90


def ellipse_outline(x: float, y: float, across: float, down: float) -> NDArray[np.float64]:
    """Return the outline of an ellipse with a centre and two radii, (90, 2)."""
    angle = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    return np.stack([x + across * np.cos(angle), y + down * np.sin(angle)], axis=1)


def turned(outline: NDArray[np.float64], degrees: float, x: float, y: float) -> NDArray[np.float64]:
    """Return an outline (N, 2) turned about a point, clockwise in pixel coordinates."""
    if degrees == 0:
        return outline
    sine, cosine = np.sin(np.deg2rad(degrees)), np.cos(np.deg2rad(degrees))
    centre = np.array([x, y])
    turn = np.array([[cosine, sine], [-sine, cosine]])
    result: NDArray[np.float64] = (outline - centre) @ turn + centre
    return result
