"""Files that survive: written whole or not at all, sealed against damage, locked."""

from sam_widget.storage.atomic import TEMPORARY, replacing, write_atomically, write_new_file
from sam_widget.storage.collected import finish_releasing, when_gone
from sam_widget.storage.journal_file import JournalFile
from sam_widget.storage.locks import FileLocked, LockedFile, wait_for_lock
from sam_widget.storage.renaming import replace_file
from sam_widget.storage.sealed import read_sealed, write_sealed

__all__ = [
    "TEMPORARY",
    "FileLocked",
    "JournalFile",
    "LockedFile",
    "finish_releasing",
    "read_sealed",
    "replace_file",
    "replacing",
    "wait_for_lock",
    "when_gone",
    "write_atomically",
    "write_new_file",
    "write_sealed",
]
