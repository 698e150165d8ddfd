"""What the page asks of the kernel, and how each request is answered."""
