"""What keeps a widget: variables and cells. A real IPython shell stands for the kernel's."""

from __future__ import annotations

import gc
import threading
import weakref
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets import HBox, Output, Widget
from PIL import Image

from sam_widget import SamWidget
from sam_widget.storage import finish_releasing
from sam_widget.store import journal as journals
from sam_widget.widget import lifetime

pytestmark = pytest.mark.usefixtures("recording_comm")


@pytest.fixture
def photo(tmp_path, coffee):
    path = tmp_path / "photo.png"
    Image.fromarray(coffee).save(path)
    return path


@pytest.fixture
def screen(monkeypatch):
    """What keeps widgets, new for each test."""
    made = lifetime.Screen()
    monkeypatch.setattr(lifetime, "screen", made)
    monkeypatch.setattr("sam_widget.widget.widget.screen", made)
    return made


@pytest.fixture
def run(screen, photo):
    """Run code as a cell with an id, as JupyterLab does, in a namespace that has the photo."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    parent = {}
    shell.kernel = SimpleNamespace(get_parent=lambda: parent)
    shell.user_ns |= {"SamWidget": SamWidget, "photo": photo, "Output": Output, "HBox": HBox}

    def run_cell(code, cell=None, deleted=()):
        metadata = {"deletedCells": list(deleted)} | ({} if cell is None else {"cellId": cell})
        parent.clear()
        parent.update(header={"msg_id": f"message {cell}"}, metadata=metadata)
        result = shell.run_cell(code, store_history=True, cell_id=cell)
        result.raise_error()
        return shell.user_ns

    yield run_cell
    Widget.close_all()  # boxes and outputs as well
    InteractiveShell.clear_instance()
    gc.collect()
    assert finish_releasing(60)
    for journal in tuple(journals._registry.values()):
        journal.abandon()


def alive(references):
    """Which of them live, once threads have let go of what they were at."""
    for _ in range(3):
        for thread in threads():
            thread.join(0.05)
        gc.collect()
        assert finish_releasing(60)
    return [reference() is not None for reference in references]


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "sam_widget"]


MAKE = "w = SamWidget(photo, model='fake', labels=['cup'])\n"


@pytest.mark.parametrize("end", ["w", "from IPython.display import display; display(w);"])
def test_a_cell_that_is_run_again_keeps_one_widget_and_all_objects(run, end):
    seen, before = [], len(threads())
    for number in range(1, 11):
        names = run(f"{MAKE}w.add_point({40 * number}, 200)\nw.accept('cup')\n{end}", "a")
        seen.append(weakref.ref(names["w"]))
        assert len(names["w"].annotations) == number
    assert alive(seen) == [False] * 9 + [True]
    assert len(threads()) == before + 1
    assert len(journals._registry) == 1
    names = run("w.undo()\nfound = [len(w.annotations), w.annotations.saved]", "b")
    assert names["found"] == [9, True]


def test_all_that_a_widget_held_is_free_when_it_is_gone(run, photo):
    names = run(f"{MAKE}w.add_point(300, 200)\nw", "a")
    parts = [names["w"], names["w"].session, names["w"].session.image, names["w"].session.embedding]
    comms = [names["w"].comm, names["w"].layout.comm]
    references = [weakref.ref(part) for part in parts[:3]]
    models = [names["w"].model_id, names["w"].layout.model_id]
    del names, parts
    assert not [reference for reference in alive(references) if not reference]
    run("w = None", "b")
    assert alive(references[:1]) == [True]  # the first cell shows it
    run("0", "a")
    alive([])
    assert alive(references) == [False] * 3
    assert not set(models) & set(lifetime._instances())
    assert [comm._closed for comm in comms] == [True, True]
    assert not journals._registry


def test_what_is_shown_in_another_cell_lives(run):
    names = run(f"{MAKE}w", "a")
    first = weakref.ref(names["w"])
    run("w", "b")
    names = run(f"{MAKE}w", "a")
    second = weakref.ref(names["w"])
    assert alive([first, second]) == [True, True]
    assert first().annotations.saved is True
    run("w", "b")
    assert alive([first, second]) == [False, True]


def test_what_a_variable_holds_lives_and_is_kept_again_when_it_is_shown(run):
    names = run(f"{MAKE}w", "a")
    first = weakref.ref(names["w"])
    run(f"held = [w]\n{MAKE}w", "a")
    assert alive([first]) == [True]
    run("held[0].add_point(300, 200)\nheld.pop()", "b")
    assert alive([first]) == [True]
    run("0", "b")
    assert alive([first]) == [False]


def test_a_cell_that_shows_it_again_keeps_it(run):
    names = run(MAKE, "a")
    first = weakref.ref(names["w"])
    for _ in range(3):
        run("w", "b")
    run("del w", "c")
    assert alive([first]) == [True]


def test_a_deleted_cell_shows_nothing(run):
    names = run(f"{MAKE}w", "a")
    first = weakref.ref(names["w"])
    run("del w", "b")
    assert alive([first]) == [True]
    run("0", "b", deleted=["a"])
    assert alive([first]) == [False]


@pytest.mark.parametrize(
    "show",
    [
        "out = Output()\nwith out:\n    display(w)",  # shown where the Output is
        "box = HBox([w])\nbox",  # ipywidgets keeps the box
    ],
)
def test_what_is_shown_inside_another_widget_lives(run, show):
    names = run(f"from IPython.display import display\n{MAKE}{show}", "a")
    first = weakref.ref(names["w"])
    if "out" in names:
        names["out"].msg_id = "message a"
        run(f"{MAKE}display(w);", "a")
        first = weakref.ref(names["w"])
    run(f"{MAKE}0", "a")
    assert alive([first]) == [True]
    if "out" in names:
        names["out"].msg_id = ""


def test_where_no_host_names_its_cells_what_is_shown_lives(run):
    names = run(f"{MAKE}w")
    first = weakref.ref(names["w"])
    run(f"{MAKE}w")
    assert alive([first]) == [True]


def test_what_was_never_shown_lives_as_long_as_its_variable(run, screen):
    names = run(MAKE, "a")
    first = weakref.ref(names["w"])
    assert names["w"].model_id in Widget.get_manager_state()["state"]
    run(MAKE, "a")
    assert alive([first]) == [False]


def test_a_series_that_is_gone_lets_another_go_on(run, tmp_path, cat):
    Image.fromarray(cat).save(tmp_path / "zebra.png")
    make = f"w = SamWidget.from_folder({str(tmp_path)!r}, model='fake')\nw"
    names = run(make, "a")
    first = weakref.ref(names["w"])
    names["w"].wait()
    names = run(make, "a")
    assert alive([first]) == [False]
    names["w"].next()
    names["w"].add_point(100, 100)
    assert names["w"].accept("cat").label == "cat"
    assert names["w"].series.annotations(1)[0].label == "cat"


@pytest.mark.parametrize("part", ["annotations", "session", "run"])
def test_a_part_that_is_held_works_without_the_widget(run, part):
    if part == "run":
        run(
            "loose = dict(points_per_side=4, pred_iou_thresh=0, stability_score_thresh=0)\n"
            "run = SamWidget(photo, model='fake').everything(**loose)",
            "a",
        )
        names = run("found = run.wait(60)\nkept = run.keep('cup')", "b")
        assert len(names["kept"]) == len(names["found"]) > 0
        return
    names = run(f"part = SamWidget(photo, model='fake').{part}", "a")
    alive([])
    if part == "session":
        assert names["part"].accept is not None
        names = run("part = part.annotations", "b")
    run("from sam_widget import Annotation, Rle\nimport numpy as np", "c")
    names = run("part.add(Annotation(Rle.encode(np.ones((400, 600), bool)), label='cup'))", "d")
    assert names["part"].saved is True


def test_a_key_that_was_pressed_just_before_still_counts(run, photo):
    names = run(f"{MAKE}w.wait()\nw", "a")
    w = names["w"]
    w._worker.submit(lambda session: session.add_point(300, 200), computes=False)
    w._worker.submit(lambda session: session.accept("cup"), computes=True)
    del w, names
    names = run(f"{MAKE}w", "a")
    alive([])
    assert [found.label for found in names["w"].annotations] == ["cup"]


def test_in_marimo_widgets_are_kept_as_ipywidgets_keeps_them(run, monkeypatch):
    marimo = SimpleNamespace(running_in_notebook=lambda: True)
    monkeypatch.setitem(lifetime.sys.modules, "marimo", marimo)
    names = run(MAKE, "a")
    w = names["w"]
    assert lifetime._instances()[w.model_id] is w
    w.close()
