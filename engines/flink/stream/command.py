"""Classifies the stream of a request, in Flink's environment: `python -m engines.flink.stream.command REQUEST.json`.

Exit status: 0, a signal has ended it, or with `once` all is classified; 2, the output cannot be used; 1, anything else.
"""

import sys
from pathlib import Path

from engines.errors import EngineError
from engines.flink import process
from engines.flink.stream.job import stream
from engines.flink.stream.request import StreamRequest
from run import signals
from run.errors import SettingsError


def main(arguments: list[str]) -> int:
    """Classifies, and returns the exit status."""
    (file,) = arguments
    process.begin()
    request = StreamRequest.from_json(Path(file).read_bytes())
    try:
        with signals.raised():
            stream(request)
    except KeyboardInterrupt:
        return 0  # before there was a job
    except (SettingsError, EngineError) as error:
        print(f"textcnn: {error}", file=sys.stderr)
        return 2 if isinstance(error, SettingsError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
