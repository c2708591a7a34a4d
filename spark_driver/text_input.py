"""Texts to classify, with all the columns that they come with, as a batch or as a stream of the files in a folder."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from typing import TypeVar, cast, get_args

from pyspark.sql import DataFrame, DataFrameReader, SparkSession
from pyspark.sql.streaming.readwriter import DataStreamReader
from pyspark.sql.types import StringType, StructField, StructType

from run.config import TextFormat
from spark_driver.errors import InputError, reading

UNREADABLE = "unreadable_row"
"""The column of rows of which the parser could not make columns."""
_SOURCES: dict[TextFormat, str] = {"tsv": "csv", "jsonl": "json"}
_OPTIONS: dict[TextFormat, dict[str, str | bool]] = {
    "csv": {"multiLine": True, "escape": '"', "columnPruning": False},
    "tsv": {"sep": "\t", "quote": "", "columnPruning": False},
}
_Reader = TypeVar("_Reader", DataFrameReader, DataStreamReader)


@dataclass(frozen=True)
class TextInput:
    """What to classify."""

    uri: str
    """A file, a folder or a pattern, as Spark reads it."""
    format: TextFormat
    text_column: str
    columns: tuple[str, ...]
    """Of TSV or CSV that does not name them."""

    @classmethod
    def of(cls, options: Namespace) -> "TextInput":
        """Takes what `add_arguments` has added.

        Raises:
            InputError: it is not said of what format the input is.
        """
        ending = options.input.rpartition(".")[2]
        kind = options.format or ("text" if ending == "txt" else ending)
        if kind not in get_args(TextFormat):
            kinds = ", ".join(get_args(TextFormat))
            raise InputError(f"The name {options.input!r} does not tell the format. Give --format, one of {kinds}.")
        return cls(options.input, cast(TextFormat, kind), options.text_column, tuple(options.columns))

    def batch(self, spark: SparkSession) -> DataFrame:
        """Returns the rows.

        Raises:
            InputError: there is no such input, or no such column of texts in it.
        """
        return self._configured(spark.read).schema(self._schema(spark)).load(self.uri)

    def stream(self, spark: SparkSession) -> DataFrame:
        """Returns the rows of the files in the folder, and of those that come later, with the columns of the first.

        Raises:
            InputError: as of `batch`.
        """
        return self._configured(spark.readStream).schema(self._schema(spark)).load(self.uri)

    @property
    def unreadable(self) -> str:
        """Why a row has something in the column `UNREADABLE`."""
        return "not JSON" if self.format == "jsonl" else "wrong number of columns"

    def _configured(self, reader: _Reader) -> _Reader:
        options = {**_OPTIONS.get(self.format, {}), "columnNameOfCorruptRecord": UNREADABLE}
        if self.format in ("csv", "tsv"):
            options["header"] = not self.columns
        return reader.format(_SOURCES.get(self.format, self.format)).options(**options)

    def _schema(self, spark: SparkSession) -> StructType:
        """The columns of the input, and one for rows that have others."""
        with reading(self.uri, self.format, "Check --input and --format."):
            found = self._configured(spark.read).load(self.uri).schema
        if self.format == "text":
            return StructType([StructField(self.text_column, StringType())])
        if self.columns:
            found = self._named(found)
        self._check_texts(found)
        if self.format == "parquet" or UNREADABLE in found.names:
            return found
        return StructType([*found.fields, StructField(UNREADABLE, StringType())])

    def _named(self, found: StructType) -> StructType:
        if len(found) != len(self.columns):
            raise InputError(
                f"The first row of {self.uri!r} has {len(found)} columns, and --columns names {list(self.columns)}. "
                "Name each of them, in order."
            )
        return StructType([StructField(name, StringType()) for name in self.columns])

    def _check_texts(self, columns: StructType) -> None:
        kind = next((field.dataType for field in columns if field.name == self.text_column), None)
        if kind is None:
            raise InputError(
                f"There is no column {self.text_column!r} in {self.uri!r}, which has {columns.names}. Name the column "
                "of the texts by --text-column, or all columns in order by --columns if the file names none."
            )
        if not isinstance(kind, StringType):
            raise InputError(
                f"The column {self.text_column!r} of {self.uri!r} is of type {kind.simpleString()}, and texts are of "
                "type string. Name another by --text-column."
            )


def add_arguments(parser: ArgumentParser) -> None:
    """Adds what says which texts to classify, and where they are."""
    formats = get_args(TextFormat)
    parser.add_argument("--input", required=True, metavar="URI", help="a file, folder or pattern, as Spark reads it")
    parser.add_argument("--format", choices=formats, help="of the input, if its ending does not tell")
    parser.add_argument("--text-column", default="text", metavar="NAME", help="the column of the texts")
    parser.add_argument("--columns", nargs="+", default=(), metavar="NAME", help="of TSV or CSV that names none")
