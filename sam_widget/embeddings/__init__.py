"""Cache encoded images in memory and on disk, so that no image is encoded twice."""

from sam_widget.embeddings.cache import Cache, EmbeddingCache, choose_cache
from sam_widget.embeddings.heap import trim_heap
from sam_widget.embeddings.precomputation import Precomputed, precompute

__all__ = [
    "Cache",
    "EmbeddingCache",
    "Precomputed",
    "choose_cache",
    "precompute",
    "trim_heap",
]
