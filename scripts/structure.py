"""Print how the sources are laid out, and find what the layout forbids.

    python scripts/structure.py [--python] [--page] [--folders]

Prints what the package's folders are for, and folders, modules, import floors, arrows and circles
of ``sam_widget/`` and ``js/src/``; exits with 1 if there are findings. Sources are read as text.
Imports inside functions and under ``TYPE_CHECKING`` count, and so do TypeScript's imports of types.

Import floors are the modules (or folders) in the longest chain of imports, where a circle is one
floor. A folder of the first level is one node with all that it holds, and so is a module beside it.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter, defaultdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from source_tree import PACKAGE, Tree, circles, floors, read_package, read_page, way_round

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
MOST_MODULES = 16
MOST_LINES = 450

FOREIGN_NAMES = {
    "_asdict": "every NamedTuple has it",
    "_css": "anywidget reads the widget's style from it",
    "_esm": "anywidget reads the widget's page from it",
    "_exit": "os._exit ends a process without clean-up",
    "_fields": "every NamedTuple has it",
    "_handle_msg": "ipywidgets calls it with each message from the page",
    "_make": "every NamedTuple has it",
    "_replace": "every NamedTuple has it",
    "_repr_mimebundle_": "IPython displays an object with it",
    "_send": "ipywidgets calls it with each message to the page",
}
"""Private names that other people's classes and modules ask for, and why they may be used."""


class Layer(NamedTuple):
    """Folders and modules of one height; if independent, they do not import each other."""

    names: tuple[str, ...]
    independent: bool = True


PAGE_LAYERS = (
    Layer(("index",)),
    Layer(("app", "host")),
    Layer(("panels", "stage")),
    Layer(("input",)),
    Layer(("tools",)),
    Layer(("commands",)),
    Layer(("wire",)),
    Layer(("decoder",)),
    Layer(("state",)),
    Layer(("geometry",)),
    Layer(("protocol*",), independent=False),
)
"""The page from top to bottom; the package's layers are import-linter's, in pyproject.toml."""


# ---- imports ------------------------------------------------------------------------------------


def find_circles(tree: Tree) -> Iterator[str]:
    """Find modules, and folders beside each other, that import each other in a circle."""
    graphs = [("modules", tree.module_graph())]
    graphs += [("folders", tree.folder_graph(folder)) for folder in tree.folders()]
    for kind, graph in graphs:
        for circle in circles(graph):
            if kind == "folders" and not any(member.endswith("/") for member in circle):
                continue  # said of the modules already
            way = way_round(graph, circle)
            module, arrow = next(
                (module, arrow)
                for module, arrow in tree.arrows()
                if _is_in(way[0], module.key) and _is_in(way[1], arrow.target)
            )
            shown = " -> ".join(tree.written(member) for member in way)
            yield module.finding(
                arrow.line,
                f"{len(circle)} {kind} import each other in a circle, for example {shown}. "
                "Move what both sides need into a module below them.",
            )


def _is_in(node: str, key: str) -> bool:
    return key.startswith(node) if node.endswith("/") else key == node


def find_upward(tree: Tree, layers: Sequence[Layer]) -> Iterator[str]:
    """Find imports that point up, or sideways between independent folders."""
    for module, arrow in tree.arrows():
        here, there = _place(module.key, layers), _place(arrow.target, layers)
        if here is None or there is None or there[0] > here[0] or there == here:
            continue
        if there[0] < here[0] or layers[here[0]].independent:
            where = "above" if there[0] < here[0] else "beside"
            yield module.finding(
                arrow.line,
                f"imports {tree.written(arrow.target)}, which is {where} it. "
                "Move what both sides need into a module below them.",
            )


def find_unplaced(tree: Tree, layers: Sequence[Layer]) -> Iterator[str]:
    """Find modules that are in no layer."""
    for module in tree.modules.values():
        if _place(module.key, layers) is None:
            yield module.finding(1, "no layer has this module. Move it into a folder of one.")


def _place(key: str, layers: Sequence[Layer]) -> tuple[int, str] | None:
    """Return the number of a module's layer, and the name there that covers it."""
    for number, layer in enumerate(layers):
        for name in layer.names:
            if fnmatchcase(key, name) or key.startswith(f"{name}/"):
                return number, name
    return None


def python_layers(root: Path) -> list[Layer]:
    """Read import-linter's layers of the package, from top to bottom."""
    # Not with tomllib, which Python 3.10 does not have.
    text = re.sub(r"#.*", "", (root / "pyproject.toml").read_text(encoding="utf-8"))
    pattern = r'^type = "layers"\n(?:[^\[]\S* = .*\n)*layers = \[(.*?)^\]'
    listed = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    if listed is None:
        raise ValueError('expected type = "layers" and layers = [...] in pyproject.toml.')
    layers = []
    for line in re.findall(r'"(.+?)"', listed[1]):
        names = [name.strip(" ()").removeprefix(f"{PACKAGE}.") for name in re.split("[|:]", line)]
        layers.append(Layer(tuple(name.replace(".", "/") for name in names), ":" not in line))
    return layers


def find_side_doors(tree: Tree) -> Iterator[str]:
    """Find imports past the ``__init__`` of another folder, or through that of one's own."""
    for module, arrow in tree.arrows():
        top, slash, rest = arrow.target.partition("/")
        own = arrow.target.removesuffix("__init__")
        if slash and rest != "__init__" and not module.key.startswith(f"{top}/"):
            names = ", ".join(arrow.names) or "what you need"
            yield module.finding(
                arrow.line,
                f"imports {tree.written(arrow.target)} past the front door of its folder. "
                f"Write: from {PACKAGE}.{top} import {names}.",
            )
        elif own.endswith("/") and module.key.startswith(own):
            yield module.finding(
                arrow.line,
                f"imports {tree.written(arrow.target)}, the front door of the folder that it is "
                "in. Import from the module that defines the name.",
            )


# ---- sizes and sentences ------------------------------------------------------------------------


def find_large(tree: Tree) -> Iterator[str]:
    """Find folders of too many modules, and modules of too many lines."""
    for folder, count in module_counts(tree).items():
        if count > MOST_MODULES:
            yield (
                f"{tree.name}/{folder}:1: {count} modules in one folder, at most {MOST_MODULES}. "
                "Give each idea among them a folder."
            )
    for module in tree.modules.values():
        count = len(module.text.splitlines())
        if count > MOST_LINES and not module.is_generated:
            message = f"{count} lines in one module, at most {MOST_LINES}. Split it."
            yield module.finding(MOST_LINES + 1, message)


def module_counts(tree: Tree) -> dict[str, int]:
    """Count the modules in each folder, without ``__init__`` and generated ones."""
    counts = Counter(
        module.folder
        for module in tree.modules.values()
        if module.key != f"{module.folder}__init__" and not module.is_generated
    )
    return {folder: counts[folder] for folder in tree.folders()}


def find_undescribed(tree: Tree) -> Iterator[str]:
    """Find folders of the package whose ``__init__`` has no docstring of one sentence."""
    for folder in filter(None, tree.folders()):
        if not re.fullmatch(r"(?:(?![.!?] [A-Z]).)+\.", describe(tree, folder)):
            yield (
                f"{tree.name}/{folder}__init__.py:1: the folder has no docstring of one sentence. "
                "Say in it what the folder is for."
            )


def describe(tree: Tree, folder: str) -> str:
    """Return a folder's docstring on one line; empty if it has none."""
    home = tree.modules.get(f"{folder}__init__")
    docstring = ast.get_docstring(ast.parse(home.text)) if home is not None else None
    return " ".join((docstring or "").split())


# ---- private names ------------------------------------------------------------------------------


def find_private(tree: Tree) -> Iterator[str]:
    """Find private names of other files that a module uses, inherited ones too."""
    parsed = {key: ast.parse(module.text) for key, module in tree.modules.items()}
    classes = {
        node.name: (key, node)
        for key, file in parsed.items()
        for node in ast.walk(file)
        if isinstance(node, ast.ClassDef)
    }
    for key, module in tree.modules.items():
        own = set(_defined(parsed[key]))
        found = {(line, name) for line, name in _used(parsed[key]) if name not in own}
        # What a base class elsewhere defines is not this file's, even if it is assigned here.
        for home, node in classes.values():
            if home == key:
                inherited = _inherited(node, key, classes)
                found |= {(line, name) for line, name in _used(node) if name in inherited}
        lines: defaultdict[str, list[int]] = defaultdict(list)
        for line, name in sorted(found):
            if re.fullmatch(r"_.*(?<!__)", name) and name != "_" and name not in FOREIGN_NAMES:
                lines[name].append(line)
        for name, used in lines.items():
            yield module.finding(
                used[0],
                f"uses {name}, a private name of another file (lines {str(used)[1:-1]}). "
                "Make it public there, or move what uses it to its owner.",
            )


def _inherited(
    node: ast.ClassDef, key: str, classes: Mapping[str, tuple[str, ast.ClassDef]]
) -> set[str]:
    """Return what the bases of a class define that are in other files than ``key``."""
    names: set[str] = set()
    for base in node.bases:
        home, definition = classes.get(re.sub(r"\[.*|.*\.", "", ast.unparse(base)), ("", node))
        if definition is not node:
            names |= _inherited(definition, key, classes)
            names |= set() if home == key else set(_defined(definition))
    return names


def _used(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Iterate over the imported names and the attributes of a file, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.Attribute):
            yield node.end_lineno or node.lineno, node.attr


def _defined(tree: ast.AST) -> Iterator[str]:
    """Iterate over functions, classes, globals, fields, slots, and attributes set on ``self``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from _bound(node)
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for part in (part for target in targets for part in ast.walk(target)):
                if isinstance(part, ast.Attribute) and ast.unparse(part.value) in ("self", "cls"):
                    yield part.attr


def _bound(scope: ast.AST) -> Iterator[str]:
    """Iterate over the names that a module or class binds itself, not in functions, and slots."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__":
            strings = [part for part in ast.walk(node.value) if isinstance(part, ast.Constant)]
            yield from (str(string.value) for string in strings)
        yield from _bound(node)


# ---- report -------------------------------------------------------------------------------------


def report(tree: Tree) -> Iterator[str]:
    """Iterate over the lines that say how a tree is laid out."""
    counts = module_counts(tree)
    yield f"{tree.name}: {sum(counts.values())} modules in {len(counts)} folders"
    for folder, count in counts.items():
        yield f"  {count:3} {tree.name}/{folder}"
    for kind, graph in (("modules", tree.module_graph()), ("folders", tree.folder_graph())):
        found = circles(graph)
        arrows = sum(map(len, graph.values()))
        yield f"  {kind}: {floors(graph)} import floors, {arrows} arrows, {len(found)} circles"
        for circle in found:
            yield f"    circle of {len(circle)}: {', '.join(sorted(circle))}"


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print what was asked for; return 1 if something is not as it should be."""
    parser = argparse.ArgumentParser(description="Print how the sources are laid out.")
    parser.add_argument("--python", action="store_true", help="the package")
    parser.add_argument("--page", action="store_true", help="the page's TypeScript")
    parser.add_argument("--folders", action="store_true", help="what the package's folders are for")
    chosen = parser.parse_args(arguments)
    everything = not (chosen.python or chosen.page or chosen.folders)
    findings: list[str] = []
    if chosen.folders or everything:
        tree = read_package(root)
        layers = python_layers(root)
        for folder in sorted(
            filter(None, tree.folders()), key=lambda name: (_place(name, layers) or (-1,), name)
        ):
            print(f"{folder:20} {describe(tree, folder)}")
    if chosen.python or everything:
        tree = read_package(root)
        print(*report(tree), sep="\n")
        for rule in (find_circles, find_large, find_private, find_side_doors, find_undescribed):
            findings += rule(tree)
        findings += find_upward(tree, python_layers(root))
    if chosen.page or everything:
        tree = read_page(root)
        print(*report(tree), sep="\n")
        findings += [*find_circles(tree), *find_large(tree)]
        findings += [*find_upward(tree, PAGE_LAYERS), *find_unplaced(tree, PAGE_LAYERS)]
    if findings:
        print(*findings, f"{len(findings)} findings.", sep="\n")
    return bool(findings)


if __name__ == "__main__":
    sys.exit(main())
