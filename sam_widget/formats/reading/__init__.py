"""Reading what others wrote: bounded, checked, and every error with its place."""
