"""The thread that computes for one widget: it loads, encodes, applies gestures and answers."""
