"""What a Parquet file decodes to, found out before it is decoded.

A dictionary and run lengths let a kilobyte stand for any number of long texts, and the sizes in the
footer are those of the packed form. So texts are first read with their dictionaries as they are,
which takes no more memory than the packed form, and their lengths are added up.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from iapt_topics._base.limits import MOST_BYTES, require_bytes, require_cells
from iapt_topics._base.parquet_pages import unpacked_sizes

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData, FileMetaData

_ROWS = 65_536  # read at a time
_BYTES = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}


def require_decodable(path: Path, name: str) -> None:
    """Raise :class:`InputError` if a Parquet file decodes to more than a table may be."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        meta = file.metadata
    require_cells(meta.num_rows, meta.num_columns, name)
    groups = [meta.row_group(g) for g in range(meta.num_row_groups)]
    chunks = [[group.column(c) for group in groups] for c in range(meta.num_columns)]
    # Of a list, one row can hold any number of values.
    require_cells(sum(chunk.num_values for of in chunks for chunk in of), 1, name)
    sizes = [list(unpacked_sizes(path, map(_place, of))) for of in chunks]
    require_bytes(sum(map(sum, sizes)), name)
    taken = sum(_fixed(meta, c) * chunk.num_values for c, of in enumerate(chunks) for chunk in of)
    require_bytes(taken, name)
    texts = [c for c in range(len(chunks)) if meta.schema.column(c).physical_type == "BYTE_ARRAY"]
    # A value can repeat the start of the one before, and has no dictionary to be read: so no more
    # of them at a time than fit, each being as long as its chunk at most.
    delta = {
        c: min(_ROWS, max(1, MOST_BYTES // max(1, *sizes[c])))
        for c in texts
        if any(e.startswith("DELTA") for chunk in chunks[c] for e in chunk.encodings)
    }
    whole = [meta.schema.column(c).path for c in texts if c not in delta]
    with ParquetFile(path, metadata=meta, read_dictionary=whole) as file:
        for c in texts:
            place, rows = meta.schema.column(c).path, delta.get(c, _ROWS)
            for batch in file.iter_batches(batch_size=rows, columns=[place], use_threads=False):
                taken += sum(_texts(column) for column in batch.columns)
                require_bytes(taken, name)


def _place(chunk: ColumnChunkMetaData) -> tuple[int, int]:
    """Start and length of a column chunk; its dictionary, if it has one, comes first."""
    starts = (chunk.dictionary_page_offset, chunk.data_page_offset)
    return min((s for s in starts if s), default=0), chunk.total_compressed_size


def _fixed(meta: FileMetaData, column: int) -> int:
    """Bytes of one value of a column whose values all have the same length, else 0."""
    about = meta.schema.column(column)
    if about.physical_type == "FIXED_LEN_BYTE_ARRAY":
        return int(about.length)
    return _BYTES.get(about.physical_type, 0)


def _texts(array: Any) -> int:
    """Bytes of the texts of an array, each as often as it stands in it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0)
    if pa.types.is_struct(kind):
        return sum(_texts(part) for part in array.flatten())
    if pa.types.is_map(kind):
        return _texts(array.keys) + _texts(array.items)
    if pa.types.is_nested(kind):
        return _texts(array.flatten())
    return int(array.nbytes)
