"""The names in a run's folder; docs/run-folder.md says what they hold."""

from typing import get_args

from run.config import View

CONFIG = "config.json"
LABELS = "labels.txt"
LOGS = "logs"
METRICS = "metrics.jsonl"
MODELS = "model"
QUARANTINE = "quarantine.jsonl"
REPORT = "report.html"
RESULT = "result.json"


def vocabulary(view: View) -> str:
    """Returns the name of the file with the tokens of a view, in the order of their ids."""
    return f"vocabulary-{view}.txt"


RECORDS = (CONFIG, LABELS, METRICS, QUARANTINE, REPORT, RESULT, *map(vocabulary, get_args(View)))
"""What a run into the same folder replaces; logs and models stay."""
