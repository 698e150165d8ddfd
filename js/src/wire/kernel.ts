// The kernel behind the model, where the host shows it.

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
