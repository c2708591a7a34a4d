"""What the stack trace of a JVM says, for people."""

import re
from itertools import takewhile


def cause(trace: str) -> str:
    """Returns the message of the innermost error of a trace, with the error's name and without where it passed."""
    innermost = re.split(r"^Caused by: ", trace, flags=re.MULTILINE)[-1]
    message = takewhile(lambda line: not re.match(r"\s+(at |\.\.\. )", line), innermost.splitlines())
    return re.sub(r"^(\w+\.)+(?=\w+)", "", "\n".join(message).strip())
