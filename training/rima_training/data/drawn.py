"""Drawn larynges straight from `rima phantom` into a pack, without a folder of pictures in between."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from .pack import Pack, join_packs, write_pack
from .pairs import DataError, find_pairs


def draw_pack(output: Path, count: int, seed: int, side: int, rima: str = "rima", chunk: int = 500) -> Pack:
    """Draws `count` stills of a seed with the `rima` program and packs them, `chunk` at a time."""
    program = shutil.which(rima)
    if program is None:
        raise DataError(f"{rima}: no such program; install Rima, or name the program with --rima")
    with tempfile.TemporaryDirectory(dir=Path(output).parent) as folder:
        parts = []
        for start in range(0, count, chunk):
            stills, part = Path(folder) / "stills", Path(folder) / f"part{start}"
            command = [
                program, "phantom", "--stills", str(min(chunk, count - start)), "--from", str(start), "--side",
                str(side), "--seed", str(seed), "--output", str(stills), "--labels", "--quiet"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise DataError(f"{rima} phantom failed: {done.stderr.strip()}")
            parts.append(write_pack(find_pairs(stills, group=f"seed{seed}"), part, side, "phantom"))
            shutil.rmtree(stills)
        return join_packs(parts, Path(output))

