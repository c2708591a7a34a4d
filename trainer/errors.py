"""The trainer's family of errors."""


class TrainerError(Exception):
    """Root of everything that the trainer raises on purpose."""


class DataError(TrainerError):
    """The user's data or configuration cannot be used; the message says what to change."""


class BlockError(TrainerError):
    """Bytes that should be a block of documents are not one."""


class SegmenterError(DataError):
    """A user dictionary or a list of stop words cannot be used."""


class ModelError(TrainerError):
    """A saved model is missing, incomplete, or does not answer as it did when it was trained."""


class DeviceError(TrainerError):
    """A worker does not have the GPU that it was promised."""


class TrainingError(TrainerError):
    """Training cannot go on, for instance because the loss is not a number."""


class StorageError(TrainerError):
    """A file or a folder cannot be read or written; the message says which, why, and what to do."""


class UnreachableError(StorageError):
    """HDFS does not answer; asking once more, for instance to clean up, would wait in vain again."""
