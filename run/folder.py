"""The names in a run's folder; docs/run-folder.md says what they hold."""

import secrets
import time
from typing import get_args

from run.config import View

CHECKPOINT = "checkpoint"
CHECKPOINTS = "checkpoints"
CONFIG = "config.json"
DATA_CARD = "data_card.json"
LABELS = "labels.txt"
LOGS = "logs"
METRICS = "metrics"
MODELS = "model"
PREDICTIONS = "predictions"
QUARANTINE = "quarantine.jsonl"
REPORT = "report.html"
REPORT_VALUES = "report.json"
RESULT = "result.json"
SETTINGS = "settings.json"
TEST = "test.json"

MODEL = "model"
"""What test.json calls the published model, beside its members."""


def vocabulary(view: View) -> str:
    """Returns the name of the file with the tokens of a view, in the order of their ids."""
    return f"vocabulary-{view}.txt"


RECORDS = (CONFIG, DATA_CARD, LABELS, QUARANTINE, REPORT, REPORT_VALUES, RESULT, TEST, *map(vocabulary, get_args(View)))
"""What a run into the same folder replaces; logs, metrics and models stay."""


def new_run() -> str:
    """Returns a name for a run that no other has: when it begins (UTC), and a random number."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def metrics(run: str) -> str:
    """Returns the path of the file in which a run tells how it goes, line by line."""
    return f"{METRICS}/{run}.jsonl"


def checkpoints(run: str) -> str:
    """Returns the path of the folder of a run's checkpoints."""
    return f"{CHECKPOINTS}/{run}"


def decisive(run: str) -> str:
    """Returns the path of the file that says what has decided the weights in a run's checkpoints."""
    return f"{checkpoints(run)}/{SETTINGS}"
