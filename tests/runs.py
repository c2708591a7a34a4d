"""Folders of runs as a driver leaves them, without the training."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from run import settings
from run.config import RunConfig
from run.data_card import ClassCard, DataCard, Lengths, Repeats
from run.events import EpochDone, Judged, Member, Mistake, Tested
from run.folder import MODEL
from run.metrics import Evaluation
from run.result import Quality, Result
from run.splits import Split
from spark_driver.run_folder import RunFolder
from text.language import Language

CARD = DataCard(
    documents={"train": 80, "validation": 10, "test": 40},
    classes=(),
    lengths={"train": Lengths(21, 90, 2400, 0.07, 0)},
    repeats=Repeats(90, 12, 4, {"validation": 0, "test": 3}, ()),
    unknown={"word": {"test": 0.06}},
    warnings=("7.0% of the training documents are cut after text.max_length = 128 words.",),
)


def written(
    folder: Path, config: RunConfig, language: Language, documents: Sequence[Sequence[int]], card: DataCard = CARD
) -> Path:
    """Writes the folder of a run that has succeeded.

    Args:
        folder: where to; must not exist.
        config: its run file.
        language: its labels and vocabularies.
        documents: hash, class and predicted class of its test documents.
        card: its documents, but the classes.
    """
    run = RunFolder(str(folder), folder.name)
    run.create()
    run.quarantine(())
    run.write_config(settings.to_json(config))
    run.write_language(language)
    sizes: dict[Split, int] = {"train": 40, "validation": 5, "test": 20}
    run.write_data_card(replace(card, classes=tuple(ClassCard(label, sizes, ("好",)) for label in language.labels)))
    confusion = np.zeros((len(language.labels),) * 2, np.int64)
    for _, label, predicted in documents:
        confusion[label, predicted] += 1
    evaluation = Evaluation(confusion, 0.5)
    for number, accuracy in enumerate((0.6, 0.8, 0.7), 1):
        run.record(EpochDone(0, number, 80, 0.6 / number, 0.5, accuracy, accuracy, 1.5))
    members = {"textcnn": Member(1.0, confusion.tolist())}
    run.record(Tested(0, 2, 3, 0.5, confusion.tolist(), members, 1500.0, 4.5))
    right = int(np.trace(confusion))
    wrong = Mistake(language.labels[0], language.labels[1], 0.97, ["不", "", "好"], [-0.5, 0.25, 1.0])
    places = [right, evaluation.rows - right, *[0] * (len(language.labels) - 2)]
    sure = [[0.0, 0.0, 0.0]] * 9 + [[evaluation.rows, 0.95 * evaluation.rows, right]]
    run.record(Judged(0, sure, places, [wrong], [MODEL], sorted(map(list, documents))))
    quality = Quality(evaluation.accuracy, evaluation.macro_f1, evaluation.rows)
    result = Result(folder.name, "succeeded", 0, test=quality, members={"textcnn": quality})
    result.documents_per_second, result.epochs, result.rows.read = 1500.0, 3, 130
    result.seconds.prepare, result.seconds.train, result.seconds.total = 2.0, 4.5, 12.0
    run.write_result(result)
    return folder
