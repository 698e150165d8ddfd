"""The official networks: their checkpoints, their image encoder, and a faster mask decoder."""
