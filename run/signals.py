"""The signals that end a run, on the gateway and in the driver, whatever the process has inherited."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

AGAIN_SECONDS = 0.05
"""After how long a signal is raised again, where its exception was ignored: the finalizer has then ended."""

Handler = Callable[[int, FrameType | None], object] | signal.Handlers | int


@contextmanager
def raised() -> Iterator[list[signal.Signals]]:
    """Lets each of them raise KeyboardInterrupt in the main thread; yields the list of those that have come.

    A shell without job control starts a background process with SIGINT ignored, as do many schedulers and CI
    systems, and Python then installs no handler of its own. A SIGHUP that is ignored is another matter: somebody said
    nohup, so it ends nothing. Programs that are started meanwhile get the default of all three: handlers, unlike
    ignored signals, are not inherited.

    A signal may come while the main thread runs a finalizer or the callback of a weak reference (PySpark has one for
    every object of the JVM): Python ignores what those raise. It is then raised again.
    """
    received: list[signal.Signals] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(signal.Signals(number))
        raise KeyboardInterrupt(received[-1].name)

    handlers: dict[signal.Signals, Handler] = dict.fromkeys(ENDING, interrupt)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        handlers[signal.SIGHUP] = lambda *_: None
    with _handled(handlers), _not_lost_in_finalizers():
        yield received


@contextmanager
def ignored() -> Iterator[None]:
    """Takes no notice of another one: the first is being answered, within a bound."""
    with _handled(dict.fromkeys(ENDING, signal.SIG_IGN)):
        yield


@contextmanager
def _not_lost_in_finalizers() -> Iterator[None]:
    before = sys.unraisablehook

    def hook(ignored: "sys.UnraisableHookArgs") -> None:
        if isinstance(ignored.exc_value, KeyboardInterrupt):
            number = signal.Signals[str(ignored.exc_value)]
            # Here, too, nothing can be raised: the finalizer has not ended.
            threading.Timer(AGAIN_SECONDS, signal.pthread_kill, (threading.main_thread().ident, number)).start()
        else:
            before(ignored)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


@contextmanager
def _handled(handlers: Mapping[signal.Signals, Handler]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
