"""Files that a reader once failed on; ``benchmarks/fuzz_readers.py`` finds and keeps them."""

import resource
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KEPT = sorted(p for p in (ROOT / "tests" / "reference" / "fuzz").glob("*-*") if p.is_file())
FUZZ = runpy.run_path(str(ROOT / "benchmarks" / "fuzz_readers.py"))


@pytest.fixture(scope="module")
def readers():
    return FUZZ["readers"]()


@pytest.mark.parametrize("path", KEPT, ids=[p.name for p in KEPT])
def test_files_that_once_failed_give_a_value_or_an_input_error(readers, path, tmp_path):
    ending, reader, _ = readers[path.name.rsplit("-", 1)[0]]
    (tmp_path / f"f{ending}").write_bytes(path.read_bytes())
    FUZZ["only_input_errors"](reader, tmp_path / f"f{ending}")


def test_a_round_of_fuzzing(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_AS)
    assert FUZZ["run"](150, 5, tmp_path, None) == 0
    assert resource.getrlimit(resource.RLIMIT_AS) == limit  # else no later test can start a browser
