"""Which thread of the kernel the page's messages go to."""

__all__ = ["bind_to_no_thread"]


def bind_to_no_thread(comm: object) -> None:
    """Let the page's messages go to the thread that they name.

    ipykernel sends them to the thread from which the comm last spoke. Before the page has said
    anything that is the thread of the cell which made the widget: if it runs on, they would wait.
    What is removed is a private mark of ipykernel 7; other kernels have none.
    """
    getattr(comm, "__dict__", {}).pop("_reply_subshell_id", None)
