"""The names in a run's folder; docs/run-folder.md says what they hold."""

CONFIG = "config.json"
LABELS = "labels.txt"
LOGS = "logs"
METRICS = "metrics.jsonl"
MODELS = "model"
QUARANTINE = "quarantine.jsonl"
REPORT = "report.html"
RESULT = "result.json"
VOCABULARY = "vocabulary.txt"

RECORDS = (CONFIG, LABELS, METRICS, QUARANTINE, REPORT, RESULT, VOCABULARY)
"""What a run into the same folder replaces; logs and models stay."""
