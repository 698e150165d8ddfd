"""Files that survive: written whole or not at all, sealed against damage, locked."""

from sam_widget.storage.appended_file import JournalFile, forced_copy
from sam_widget.storage.atomic import TEMPORARY, write_atomically
from sam_widget.storage.sealed import read_sealed, write_sealed

__all__ = [
    "TEMPORARY",
    "JournalFile",
    "forced_copy",
    "read_sealed",
    "write_atomically",
    "write_sealed",
]
