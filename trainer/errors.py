"""The trainer's family of errors."""


class TrainerError(Exception):
    """Root of everything that the trainer raises on purpose."""


class ModelError(TrainerError):
    """A saved model is missing, incomplete, or does not answer as it did when it was trained."""


class DeviceError(TrainerError):
    """A worker does not have the GPU that it was promised."""


class TrainingError(TrainerError):
    """Training cannot go on, for instance because the loss is not a number."""
