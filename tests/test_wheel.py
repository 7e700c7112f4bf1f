"""The wheel, installed alone in a fresh environment with numpy, makes a decision."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.test_cli import bundle, request_text

__all__ = ["bundle"]
ROOT = Path(__file__).parents[1]


def test_the_base_package_alone_decides(bundle: Path, tmp_path: Path) -> None:
    def run(*command: str, stdin: str = "") -> str:
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", "dist", str(ROOT))
    [wheel] = (tmp_path / "dist").glob("maitred-*.whl")
    with ZipFile(wheel) as archive:
        assert {name.split("/")[0].split("-")[0] for name in archive.namelist()} == {"maitred"}
    run(sys.executable, "-m", "venv", "fresh")
    fresh = tmp_path / "fresh" / "bin"
    run(str(fresh / "python"), "-m", "pip", "install", "--quiet", str(wheel), "-c", str(ROOT / "constraints.txt"))
    installed = {
        package["name"] for package in json.loads(run(str(fresh / "python"), "-m", "pip", "list", "--format=json"))
    }
    assert installed - {"pip", "setuptools"} == {"maitred", "numpy"}
    reply = json.loads(run(str(fresh / "maitred"), "decide", "--bundle", str(bundle), stdin=request_text()))
    assert reply["decision_id"] == "decision"
