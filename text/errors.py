"""The errors of documents and their encoding."""


class TextError(Exception):
    """Root of what this package raises on purpose."""


class DataError(TextError):
    """The user's documents or word lists cannot be used; the message says what to change."""


class SegmenterError(DataError):
    """A user dictionary or a list of stop words cannot be used."""


class RowError(TextError):
    """A row cannot be used; the message is the reason that the quarantine gives."""


class BlockError(TextError):
    """Bytes that should be a block of documents are not one."""


class LostDocumentsError(TextError):
    """The documents counted at two places of a preparation do not agree."""
