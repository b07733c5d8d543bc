"""One target under libFuzzer: `python -m tests.fuzz.run MODULE CORPUS [-runs=N ...]`.

CORPUS is a folder, to which the target's seeds are added, or one file to run again, such as a finding.
"""

import importlib
import sys
from hashlib import sha256
from pathlib import Path

import atheris

WATCHED = ("foundation", "immigration", "jwt")
"""The packages measured for coverage: our own code, and the library that parses signed texts."""


def main(module: str, corpus: str, *flags: str) -> None:
    """Hand the target's `check` to libFuzzer, which ends the process."""
    with atheris.instrument_imports(include=[*WATCHED, module]):
        target = importlib.import_module(module)
    if Path(corpus).is_dir():
        for seed in target.seeds():
            Path(corpus, sha256(seed).hexdigest()[:16]).write_bytes(seed)
    atheris.Setup([sys.argv[0], corpus, f"-max_len={target.LONGEST}", *flags], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
