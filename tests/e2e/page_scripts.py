"""JavaScript that asks a page about its widget, for whatever drives the browser."""

from __future__ import annotations

import ast
import json
from typing import Any

KERNEL_IS_IDLE = """() => {
    const notebook = globalThis.jupyterapp?.shell.currentWidget;
    return notebook?.sessionContext?.session?.kernel?.status === 'idle';
}"""

RUN_ALL = "() => { jupyterapp.commands.execute('notebook:run-all-cells') }"

SHUT_DOWN = "() => globalThis.jupyterapp?.shell.currentWidget?.sessionContext?.shutdown()"

EVALUATE_IN_KERNEL = """async (expression) => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const wrapped = `__import__("json").dumps(${expression})`;
    const future = kernel.requestExecute({
        code: "", store_history: false, user_expressions: {value: wrapped},
    });
    return (await future.done).content;
}"""

IS_READY = """([root, after]) => root.dataset.status === 'ready'
    && (after === null || Number(root.dataset.revision) > after)"""

CLIENT_POSITION = """(stage, [x, y]) => {
    const [a, b, c, d, e, f] = stage.dataset.transform.split(" ").map(Number);
    const box = stage.getBoundingClientRect();
    const sx = box.width / stage.offsetWidth, sy = box.height / stage.offsetHeight;
    return [box.left + (a * x + c * y + e) * sx, box.top + (b * x + d * y + f) * sy];
}"""

STAND_STILL = """async (root) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let still = 0, last = -1; still < 10; await frame()) {
        const top = root.getBoundingClientRect().top;
        still = top === last ? still + 1 : 0;
        last = top;
    }
}"""

ALPHA_AT = """(root, points) => {
    const stage = root.querySelector('[data-testid=stage]');
    const canvas = root.querySelector('[data-testid=overlay]');
    const [a, b, c, d, e, f] = stage.dataset.transform.split(" ").map(Number);
    const context = canvas.getContext("2d");
    const {width, height} = canvas;
    const pixels = context.getImageData(0, 0, width, height).data;
    const sx = width / stage.clientWidth, sy = height / stage.clientHeight;
    return points.map(([x, y]) => {
        const column = Math.floor((a * x + c * y + e) * sx);
        const row = Math.floor((b * x + d * y + f) * sy);
        if (column < 0 || row < 0 || column >= width || row >= height) return -1;
        return pixels[(row * width + column) * 4 + 3];
    });
}"""


def value_of_reply(expression: str, reply: dict[str, Any]) -> Any:
    """What the kernel made of the expression, from the reply to EVALUATE_IN_KERNEL."""
    value = reply["user_expressions"]["value"]
    if value["status"] != "ok":
        raise AssertionError(f"{expression}: {value['ename']}: {value['evalue']}")
    return json.loads(ast.literal_eval(value["data"]["text/plain"]))
