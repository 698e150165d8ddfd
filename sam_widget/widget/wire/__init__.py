"""What travels between kernel and page: gestures in, state, replies and problems out."""
