"""The data source ``dq_duckdb``: ``context.data_sources.add_dq_duckdb(name)``, with Parquet files as its assets.

Defining the class is what registers it. A project that has such a data source can only be loaded after ``import dq_engine.gx``.
"""

# no "from __future__ import annotations": pydantic reads the types of the fields

from typing import Any, ClassVar, List, Literal, Sequence, Type  # noqa: UP035

from great_expectations.compatibility import pydantic
from great_expectations.core.batch import LegacyBatchDefinition
from great_expectations.core.id_dict import IDDict
from great_expectations.datasource.fluent import BatchRequest
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource, TestConnectionError
from great_expectations.exceptions.exceptions import BuildBatchRequestError

from dq_engine.errors import UsageError
from dq_engine.feeds import find_together
from dq_engine.gx.engine import DqDuckdbExecutionEngine, ParquetBatchSpec


class ParquetAsset(DataAsset):  # type: ignore[misc]
    """Parquet files that are one table: a file, a folder or a glob, as :func:`dq_engine.check` takes it."""

    type: Literal["parquet"] = "parquet"
    path: str

    class Config:
        """What is no field is refused."""

        extra = pydantic.Extra.forbid

    def paths(self) -> List[str]:  # noqa: UP006
        """The files as they are now, in order. Raises :class:`UsageError` if there is none."""
        return [str(path) for path in find_together([self.path]).paths]

    def test_connection(self) -> None:
        """Raises ``TestConnectionError`` if there is no file."""
        try:
            self.paths()
        except UsageError as error:
            raise TestConnectionError(str(error)) from error

    def add_batch_definition_whole_table(self, name: str) -> Any:
        """A batch definition for all rows of all files."""
        return self.add_batch_definition(name=name, partitioner=None)

    def get_batch_parameters_keys(self, partitioner: Any = None) -> tuple[str, ...]:
        """There are no parameters: a batch is the whole table."""
        return ()

    def build_batch_request(self, options: Any = None, batch_slice: Any = None, partitioner: Any = None) -> BatchRequest:
        """The request for the whole table. Raises ``BuildBatchRequestError`` if it is asked for a part."""
        if options or batch_slice is not None or partitioner is not None:
            raise BuildBatchRequestError(message="an asset of dq_duckdb is checked whole: give no batch parameters")
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options={})

    def _validate_batch_request(self, batch_request: BatchRequest) -> None:
        self.build_batch_request(batch_request.options)

    def get_batch_identifiers_list(self, batch_request: BatchRequest) -> List[dict]:  # type: ignore[type-arg]  # noqa: UP006
        """What tells its batches apart: there is one."""
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest) -> Batch:
        """The whole table. Raises :class:`UsageError` if there is no file, and what pyarrow says of one that is not Parquet."""
        self._validate_batch_request(batch_request)
        spec = ParquetBatchSpec({"paths": self.paths()})
        data, markers = self.datasource.get_execution_engine().get_batch_data_and_markers(batch_spec=spec)
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=data,
            metadata=self._get_batch_metadata_from_batch_request(batch_request=batch_request),
            batch_markers=markers,
            batch_spec=spec,
            batch_definition=LegacyBatchDefinition(
                datasource_name=self.datasource.name,
                data_connector_name="fluent",
                data_asset_name=self.name,
                batch_identifiers=make_batch_identifier(batch_request.options),
                batch_spec_passthrough=None,
            ),
        )


class DqDuckdbDatasource(Datasource):  # type: ignore[misc]
    """Parquet files, checked by Great Expectations with dq as its engine.

    Everything is as with Great Expectations' own data sources: batch definitions, validation definitions, checkpoints, Data
    Docs, and results with the fields and failing values that its ``result_format`` says. The answers are those of its pandas
    engine on the same files (but the seven types that need a database); what dq can prove from one scan needs no pandas.
    """

    asset_types: ClassVar[Sequence[Type[DataAsset]]] = [ParquetAsset]  # noqa: UP006

    type: Literal["dq_duckdb"] = "dq_duckdb"
    assets: List[ParquetAsset] = []  # noqa: UP006, RUF012

    @property
    def execution_engine_type(self) -> Type[DqDuckdbExecutionEngine]:  # noqa: UP006
        """The engine of this data source."""
        return DqDuckdbExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """There is nothing to connect to; with ``test_assets`` each asset must have a file."""
        for asset in self.assets if test_assets else ():
            asset.test_connection()

    def add_parquet_asset(self, name: str, path: Any, batch_metadata: Any = None) -> ParquetAsset:
        """Adds the Parquet files at ``path`` (a file, a folder or a glob), which are one table.

        A path that is not absolute is read from where the process works. Raises ``TestConnectionError`` if there is no file.
        """
        asset: ParquetAsset = self._add_asset(ParquetAsset(name=name, path=str(path), batch_metadata=batch_metadata or {}))
        return asset
