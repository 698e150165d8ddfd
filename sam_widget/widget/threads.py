"""Routing the messages of the page to a thread of the kernel."""

__all__ = ["bind_to_no_thread"]


def bind_to_no_thread(comm: object) -> None:
    """Route messages of the page to the subshell they name (undo ipykernel's reply routing).

    ipykernel sends them to the thread from which the comm last spoke. Before the page has said
    anything that is the thread of the cell which made the widget: if it runs on, they would wait.
    What is removed is a private mark of ipykernel 7; other kernels have none.
    """
    getattr(comm, "__dict__", {}).pop("_reply_subshell_id", None)
