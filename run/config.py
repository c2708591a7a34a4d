"""What to learn: the run file (`run.toml`) as frozen dataclasses."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from run.ranges import Ranges, Values

STRICT = ConfigDict(extra="forbid", use_attribute_docstrings=True)

Positive = Annotated[int, Field(ge=1)]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0)]

View = Literal["word", "char", "word2", "char2"]

Metric = Literal["accuracy", "macro_f1", "loss"]

Kind = Literal["textcnn", "textrnn", "mlp", "logistic_regression"]

ClassWeights = Literal["none", "balanced"]

Decay = Literal["none", "linear", "cosine"]
Precision = Literal["float32", "bfloat16"]

CORPUS = "corpus"
"""Vectors of words that are trained on the run's own documents; a file of that name is `./corpus`."""

Format = Literal["tsv", "csv", "jsonl", "parquet"]

TextFormat = Literal["text", Format]
"""Texts need no columns: text has one a line."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class DataConfig:
    """Where the labelled documents are. Give either `input`, which is split by hash, or `train`."""

    input: str | None = None
    """One input, split into training, validation and test by a hash of each document."""

    train: str | None = None
    """The training documents, where they have an input of their own."""

    validation: str | None = None
    """The validation documents; if not given, split off the training documents by hash."""

    test: str | None = None
    """The test documents; if not given, split off the training documents by hash."""

    unlabelled: str | None = None
    """More documents, without labels, for vectors of words that are trained on the corpus (model.vectors)."""

    format: Format = "tsv"
    """tsv, csv, jsonl or parquet."""

    columns: tuple[str, ...] = ()
    """The columns of a TSV or CSV file in order, if its first line does not name them."""

    text_column: str = "text"
    """The column (or JSON key) that holds the document."""

    label_column: str = "label"
    """The column (or JSON key) that holds the label."""

    validation_fraction: Fraction = 0.1
    """Share of the documents split off for validation, where no validation input is given."""

    test_fraction: Fraction = 0.1
    """Share of the documents split off for the test, where no test input is given."""

    max_bad_fraction: Fraction = 0.01
    """Largest share of unusable rows; above it the run stops."""

    def __post_init__(self) -> None:
        if (self.input is None) == (self.train is None):
            raise ValueError(
                "give either data.input (one input, split by hash) or data.train (with or without "
                f"data.validation and data.test). Received: input={self.input!r}, train={self.train!r}"
            )
        if self.input is not None and (self.validation or self.test):
            raise ValueError(
                "data.validation and data.test go with data.train, not with data.input, which is split by hash"
            )
        if self.validation_fraction + self.test_fraction >= 1.0:
            raise ValueError(
                "data.validation_fraction + data.test_fraction must leave something to train on. Received: "
                f"{self.validation_fraction} + {self.test_fraction}"
            )


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TextConfig:
    """How a document becomes token ids."""

    views: tuple[View, ...] = ("word", "char", "word2", "char2")
    """What the tokens of a text are to the model: word, char (characters), word2 and char2 (pairs of neighbours)."""

    user_dictionary: str | None = None
    """File of words for the segmenter, a line each: word, optionally frequency, optionally tag (jieba's format)."""

    stop_words: str | None = None
    """File of words to leave out, one a line."""

    vocabulary_size: Annotated[int, Field(ge=3)] = 200_000
    """Largest number of distinct token ids of a view; the first two are padding and the unknown token."""

    min_count: Positive = 1
    """A token that is rarer in the training documents is unknown."""

    max_length: Positive = 128
    """Longer documents are cut after this many words; in views of characters after twice as many."""

    def __post_init__(self) -> None:
        if not self.views or len(set(self.views)) != len(self.views):
            raise ValueError(f"text.views must be distinct and at least one. Received: {list(self.views)}")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ModelConfig:
    """The networks that are trained side by side; what is published is a mixture of them and naive Bayes."""

    networks: tuple[Kind, ...] = ("textcnn", "logistic_regression")
    """textcnn, textrnn, mlp, logistic_regression; a kind that stands there several times is a committee."""

    views: tuple[View, ...] = ("word", "char")
    """The views that a textcnn or a textrnn sees, of text.views; an mlp and a logistic regression see all."""

    embedding_size: Positive = 128
    """Dimensions of a token's embedding."""

    vectors: str | None = None
    """What embeddings of words begin with: corpus, vectors of the documents, or a file in word2vec's text format."""

    widths: tuple[Positive, ...] = (1, 2, 3)
    """How many neighbouring tokens each group of a textcnn's filters sees."""

    filters: Positive = 128
    """Filters of each width."""

    products: Precision = "float32"
    """What a textcnn's filters are multiplied in while it trains: float32, or bfloat16 with sums in float32."""

    units: Positive = 128
    """States of each direction of a textrnn, and of an mlp's hidden layer."""

    dropout: Fraction = 0.5
    """Share of the features before the last layer left out in training."""

    embedding_dropout: Fraction = 0.3
    """Share of the embedding's dimensions left out in a step of training."""

    token_dropout: Fraction = 0.1
    """Share of the tokens left out in training."""

    def __post_init__(self) -> None:
        if not self.networks:
            raise ValueError("model.networks names at least one network. Received: []")
        if not self.widths or len(set(self.widths)) != len(self.widths):
            raise ValueError(f"model.widths must be distinct and at least one. Received: {list(self.widths)}")


@dataclass(frozen=True, kw_only=True, config=STRICT)
class TrainConfig:
    """Optimization."""

    epochs: Positive = 20
    """Passes over the training documents at most."""

    batch_size: Positive | None = None
    """Documents in a step, over all workers; if not given, 32 to 256, so that an epoch has some 500 steps."""

    learning_rate: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 1e-3
    """Step size of Adam (Kingma & Ba, 2015)."""

    warmup: Fraction = 0.0
    """Share of the steps of `epochs` in which the learning rate rises from nothing."""

    decay: Decay = "none"
    """How the learning rate falls after that, to nothing after the last of `epochs`: none, linear or cosine."""

    clip_norm: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    """Largest norm of a network's gradient: a longer one is shortened to it (Pascanu et al., 2013)."""

    label_smoothing: Fraction = 0.1
    """Share of each label that is spread over all classes in training (Szegedy et al., 2016)."""

    class_weights: ClassWeights = "none"
    """What documents count in the networks' training: none, all the same; balanced, those of each class together."""

    metric: Metric = "accuracy"
    """What makes an epoch better than another on the validation documents: accuracy, macro_f1 or loss."""

    patience: Positive = 2
    """Stop after this many epochs in which no network has become better."""

    checkpoint_seconds: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 60.0
    """Seconds between two checkpoints: what a lost worker costs at most, besides starting the workers again."""

    stall_seconds: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 600.0
    """A worker that has made no progress for so long hangs, and fails."""

    max_restarts: Annotated[int, Field(ge=0)] = 2
    """How often the workers are started again from the last checkpoint when one of them is lost or fails."""

    averaging: Fraction = 0.0
    """Share that an average of the weights keeps of itself at an epoch's end; validation chooses it or the weights."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1
    """Seed of the initial weights, of dropout and of the order of the documents."""

    deterministic: bool = False
    """Whether the same documents, settings and number of workers give the same weights to the bit; it takes longer."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class ExportConfig:
    """What leaves the run."""

    golden_examples: Positive = 32
    """Texts whose scores the exported model must give again before it is published."""

    keras: bool = False
    """Whether the model is written as model.keras too, which Keras loads without TensorFlow, on JAX."""


@dataclass(frozen=True, kw_only=True, config=STRICT)
class RunConfig:
    """A whole run file: what to learn, independent of where it runs."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")] = "textcnn"
    """Name of the run, for Spark's and YARN's lists and for its folder."""

    data: DataConfig
    text: TextConfig = TextConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()
    export: ExportConfig = ExportConfig()

    tune: Ranges = Field(default_factory=dict[str, Values])
    """What `textcnn tune` chooses from, by the setting's name: {low, high} with or without log, or a list of values."""

    def __post_init__(self) -> None:
        if {"textcnn", "textrnn"} & set(self.model.networks) and not set(self.model.views) & set(self.text.views):
            raise ValueError(
                "a textcnn and a textrnn need a view of text.views in model.views. Received: "
                f"model.views={list(self.model.views)}, text.views={list(self.text.views)}"
            )
        if self.data.unlabelled is not None and self.model.vectors != CORPUS:
            raise ValueError(
                "data.unlabelled is of use to vectors that are trained on the corpus alone. Set model.vectors to "
                f"{CORPUS!r}, or leave it out. Received: model.vectors={self.model.vectors!r}"
            )
        if self.train.deterministic and self.model.vectors == CORPUS:
            raise ValueError(
                "vectors that Spark trains on the corpus are others each time, so train.deterministic does not go with "
                f"model.vectors={CORPUS!r}. Leave out one of them, or give model.vectors a file"
            )
        if self.model.vectors is not None and "word" not in self.text.views:
            raise ValueError(
                f"model.vectors are of words: text.views has none of them. Received: text.views={list(self.text.views)}"
            )
