// The kernel behind the model, where the host shows it, and whether there is one at all.

import type { AnyModel } from "@anywidget/types";

/** What JupyterLab's widget manager shows of its kernel; other hosts show nothing. */
export interface Kernel {
  status: string;
  connectionStatus: string;
  statusChanged: KernelSignal;
  connectionStatusChanged: KernelSignal;
}

interface KernelSignal {
  connect(slot: () => void): void;
  disconnect(slot: () => void): void;
}

/** The kernel of that model; undefined in hosts that show none. */
export function kernelOf(model: Pick<AnyModel, "widget_manager">): Kernel | undefined {
  const manager = model.widget_manager as unknown as
    | { kernel?: Partial<Kernel> | null }
    | undefined;
  const kernel = manager?.kernel;
  const complete =
    kernel?.statusChanged !== undefined && kernel.connectionStatusChanged !== undefined;
  return complete ? (kernel as Kernel) : undefined;
}

/** Widget managers of Jupyter mark a view whose model no kernel stands behind, a restored one. */
const NO_COMM = "jupyter-widgets-disconnected";

/** Whether messages of the model go anywhere, by what the host says of the view in `element`. */
export function hasComm(element: Pick<Element, "classList">): boolean {
  return !element.classList.contains(NO_COMM);
}

/** Call `onLost` when the kernel is gone or out of reach, `onBack` when it is within reach again. */
export function watchKernel(
  kernel: Kernel,
  { onLost, onBack }: { onLost: () => void; onBack: () => void },
  signal: AbortSignal,
): void {
  let gone = false;
  const look = () => {
    // A restarted kernel has forgotten this widget; a dropped connection may come back.
    gone ||= ["restarting", "autorestarting", "terminating", "dead"].includes(kernel.status);
    if (gone || kernel.connectionStatus !== "connected") onLost();
    else onBack();
  };
  kernel.statusChanged.connect(look);
  kernel.connectionStatusChanged.connect(look);
  signal.addEventListener("abort", () => {
    kernel.statusChanged.disconnect(look);
    kernel.connectionStatusChanged.disconnect(look);
  });
}
