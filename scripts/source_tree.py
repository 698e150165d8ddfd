"""Read the modules of a source folder and what they import, as text; see ``structure.py``."""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "PACKAGE",
    "PAGE",
    "Arrow",
    "Graph",
    "Module",
    "Tree",
    "circles",
    "floors",
    "read_package",
    "read_page",
    "way_round",
]

PACKAGE = "sam_widget"
PAGE = "js/src"

Graph: TypeAlias = "dict[str, set[str]]"
"""What each node imports."""


class Arrow(NamedTuple):
    """An import: its line, the key of the module it leads to, the names it takes from there."""

    line: int
    target: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Module:
    """A source file; its key is its path in the tree without the ending, as ``masks/rle``."""

    key: str
    path: str
    text: str
    arrows: tuple[Arrow, ...]

    @property
    def folder(self) -> str:
        """The key of its folder, with a slash at the end; empty for the root of the tree."""
        return self.key[: self.key.rfind("/") + 1]

    @property
    def is_generated(self) -> bool:
        """Whether a program wrote it."""
        return self.key.endswith(("_generated", ".generated"))

    def finding(self, line: int, message: str) -> str:
        """Say what is wrong at a line."""
        return f"{self.path}:{line}: {message}"


@dataclass(frozen=True)
class Tree:
    """All modules below one folder, by key."""

    name: str
    modules: Mapping[str, Module]

    def written(self, key: str) -> str:
        """Return a key as an import statement has it."""
        if self.name != PACKAGE:
            return key
        parts = [self.name, *filter(None, key.split("/"))]
        return ".".join(parts).removesuffix(".__init__")

    def arrows(self) -> Iterator[tuple[Module, Arrow]]:
        """Iterate over all imports of modules of this tree."""
        for module in self.modules.values():
            for arrow in module.arrows:
                yield module, arrow

    def folders(self) -> list[str]:
        """Return the keys of all folders that hold modules."""
        return sorted({module.folder for module in self.modules.values()})

    def module_graph(self) -> Graph:
        """Return which module imports which."""
        return {key: {arrow.target for arrow in m.arrows} for key, m in self.modules.items()}

    def folder_graph(self, inside: str = "") -> Graph:
        """Return which of the folders and modules directly in a folder imports which.

        A folder is one node with all that it holds, and its key ends with a slash.
        """

        def node(key: str) -> str:
            first, slash, _ = key[len(inside) :].partition("/")
            return inside + first + slash

        graph: Graph = {node(key): set() for key in self.modules if key.startswith(inside)}
        for module, arrow in self.arrows():
            if module.key.startswith(inside) and arrow.target.startswith(inside):
                graph[node(module.key)] |= {node(arrow.target)} - {node(module.key)}
        return graph


# ---- Python -------------------------------------------------------------------------------------


def read_package(root: Path) -> Tree:
    """Read the Python package of the project at ``root``."""
    files = _texts(root / PACKAGE, ".py")
    modules = {}
    for key, (path, text) in files.items():
        imports = _python_imports(ast.parse(text, str(path)), key)
        arrows = [_python_arrow(line, home, name, files) for line, home, name in imports]
        place = path.relative_to(root).as_posix()
        modules[key] = Module(key, place, text, _merged(arrow for arrow in arrows if arrow))
    return Tree(PACKAGE, modules)


def _texts(folder: Path, *endings: str) -> dict[str, tuple[Path, str]]:
    paths = sorted(path for path in folder.rglob("*") if path.suffix in endings)
    keys = [path.relative_to(folder).with_suffix("").as_posix() for path in paths]
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    return dict(zip(keys, texts, strict=True))


def _python_imports(tree: ast.Module, key: str) -> Iterator[tuple[int, list[str], str]]:
    """Iterate over line, path below the package, and name taken from there, or empty."""
    imports: list[tuple[int, str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imports += [(node.lineno, alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = [PACKAGE, *key.split("/")][: -node.level] if node.level else []
            home = ".".join([*above, *filter(None, [node.module])])
            imports += [(node.lineno, home, alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names = [name.value for name in node.args if isinstance(name, ast.Constant)]
            imports += [(node.lineno, str(name), "") for name in names]
    for line, home, name in imports:
        top, *below = home.split(".")
        if top == PACKAGE:
            yield line, below, name


def _python_arrow(
    line: int, home: list[str], name: str, known: Mapping[str, object]
) -> Arrow | None:
    """Find the module that an import means: the name's own if it is a module, or else its home."""
    for path, names in (([*home, name], ()), (home, (name,))):
        for key in ("/".join(path), "/".join([*path, "__init__"])):
            if key in known:
                return Arrow(line, key, tuple(filter(None, names)))
    return None


def _merged(arrows: Iterable[Arrow]) -> tuple[Arrow, ...]:
    """Make one arrow of all that a statement takes from one module."""
    names: dict[tuple[int, str], tuple[str, ...]] = {}
    for line, target, taken in arrows:
        names[line, target] = names.get((line, target), ()) + taken
    return tuple(sorted(Arrow(*place, taken) for place, taken in names.items()))


# ---- TypeScript ---------------------------------------------------------------------------------

# Strings are matched along with comments, or "https://" would begin one.
_STRING_OR_COMMENT = re.compile(
    r""""(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
_IMPORT = re.compile(
    r"""^[ \t]*(?:import|export)\b[\w$*{},\s]*?\bfrom\s*["']([^"']+)["']"""
    r"""|^[ \t]*import\s*["']([^"']+)["']"""
    r"""|\bimport\s*\(\s*["']([^"']+)["']""",
    re.MULTILINE,
)


def read_page(root: Path) -> Tree:
    """Read the page's TypeScript of the project at ``root``."""
    files = _texts(root / PAGE, ".ts", ".tsx")
    modules = {}
    for key, (path, text) in files.items():
        code = _STRING_OR_COMMENT.sub(_blanked, text)
        arrows = []
        for found in _IMPORT.finditer(code):
            target = _page_target(key, next(filter(None, found.groups())), files)
            if target is not None:
                arrows.append(Arrow(code.count("\n", 0, found.end()) + 1, target))
        modules[key] = Module(key, path.relative_to(root).as_posix(), text, tuple(arrows))
    return Tree(PAGE, modules)


def _blanked(found: re.Match[str]) -> str:
    """Return a comment's place, empty but for its line ends; a string stays."""
    return re.sub(r"[^\n]", " ", found[0]) if found[0].startswith("/") else found[0]


def _page_target(key: str, name: str, known: Mapping[str, object]) -> str | None:
    """Find the module of the page that a relative import means."""
    if not name.startswith("."):
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(key), name))
    path = re.sub(r"\.[jt]sx?$", "", path)
    possible = (path, posixpath.normpath(f"{path}/index"))
    return next((target for target in possible if target in known), None)


# ---- graphs -------------------------------------------------------------------------------------


def circles(graph: Graph) -> list[frozenset[str]]:
    """Return the groups of nodes that all reach each other, the largest first."""
    reached = {node: _reached(graph, node) for node in graph}
    groups = {
        frozenset(other for other in reached[node] if node in reached[other])
        for node in graph
        if node in reached[node]
    }
    return sorted(groups, key=lambda group: (-len(group), min(group)))


def _reached(graph: Graph, start: str) -> set[str]:
    reached: set[str] = set()
    ahead = [start]
    while ahead:
        new = graph[ahead.pop()] - reached
        reached |= new
        ahead += new
    return reached


def floors(graph: Graph) -> int:
    """Return the number of nodes in the longest chain, where each circle is one node."""
    members = {node: circle for circle in circles(graph) for node in circle}
    groups = {node: members.get(node, frozenset([node])) for node in graph}

    @cache
    def height(group: frozenset[str]) -> int:
        below = {groups[target] for node in group for target in graph[node]} - {group}
        return 1 + max(map(height, below), default=0)

    return max(map(height, groups.values()), default=0)


def way_round(graph: Graph, circle: frozenset[str]) -> list[str]:
    """Return a shortest way from the first member of a circle back to it."""
    ways = [[min(circle)]]
    seen: set[str] = set()
    for way in ways:  # grows while it is walked
        for target in sorted(graph[way[-1]] & circle - seen):
            if target == way[0]:
                return [*way, target]
            seen.add(target)
            ways.append([*way, target])
    raise ValueError(f"{sorted(circle)} is not a circle.")
