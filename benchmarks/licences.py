"""List the licence of every package that the library brings along: ``docs/licences.md``.

    python benchmarks/licences.py > docs/licences.md

Walks the requirements of the installed library, without its development tools, and takes what each
package's own metadata says. Exits with 1 if a licence is not known to be compatible with MIT.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EXTRAS = ("offline", "spss", "language", "names", "scale", "static")
#: Permissive, or weak copyleft that asks nothing of a program that only uses the package.
COMPATIBLE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|Python|PSF|MPL|HPND|Unlicense|Zlib|CC0|0BSD|public domain)\b|Mozilla",
    re.IGNORECASE,
)


def licence(package: metadata.Distribution) -> str:
    about = package.metadata
    if given := about.get("License-Expression"):
        return given
    said = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or () if "License ::" in c]
    said = [s for s in said if s != "OSI Approved"]
    text = (about.get("License") or "").strip().split("\n")[0]
    if said or text:
        return ", ".join(said) or text[:60]
    file = next((f for f in package.files or () if f.name.startswith("LICENSE")), None)
    return file.read_text().strip().split("\n")[0][:60] if file else "not said in its metadata"


def brought_along() -> dict[str, metadata.Distribution]:
    """Every package that is needed, directly or not, and is installed here."""
    found: dict[str, metadata.Distribution] = {}
    todo = [("iapt-topics", extra) for extra in ("", *EXTRAS)]
    done: set[tuple[str, str]] = set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in done:
            continue
        done.add((name, extra))
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = package
        for line in package.requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                todo += [(canonicalize_name(need.name), e) for e in ("", *need.extras)]
    found.pop("iapt-topics")
    return found


def main() -> int:
    rows = [(name, package.version, licence(package)) for name, package in brought_along().items()]
    unclear = [name for name, _, said in rows if not COMPATIBLE.search(said)]
    print("# Licences of what the library brings along\n")
    print("Made by `python benchmarks/licences.py` from the metadata of the installed packages;")
    print("development tools are not listed, since they are not distributed with the library.\n")
    print("| package | version | licence |\n|---|---|---|")
    for name, version, said in sorted(rows):
        print(f"| {name} | {version} | {said.replace('|', '/')} |")
    if unclear:
        print(f"\nTo be looked at by a person: {', '.join(sorted(unclear))}.")
    else:
        print("\nAll are compatible with MIT, under which this library is published.")
    return int(bool(unclear))


if __name__ == "__main__":
    sys.exit(main())
