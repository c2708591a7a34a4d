"""What a request is answered with that cannot be answered."""


class RequestError(Exception):
    """A request cannot be answered; the message says why, and what could be."""

    status = 400


class NotFoundError(RequestError):
    """There is no such model, version or signature."""

    status = 404


class TooLargeError(RequestError):
    """The body is larger than allowed."""

    status = 413


class BusyError(RequestError):
    """More is waiting than may wait."""

    status = 503
