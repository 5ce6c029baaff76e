"""What must not be imported. The import linter sees the static graph; only a running program sees the rest."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from companion import paths
from companion.store import Store
from tests.conftest import with_encoder

HEAVY = {"torch", "transformers", "llama_cpp", "onnxruntime", "textual", "gguf", "tokenizers", "httpx2"}

PROGRAM = """
import json, sys
sys.argv[0] = "companion"
from companion.cli import main
try:
    main()
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def imported(*arguments: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, env={**os.environ}, check=True
    )
    return set(json.loads(ran.stderr.splitlines()[-1]))


def test_help_and_version_import_next_to_nothing() -> None:
    for arguments in (["--help"], ["--version"]):
        modules = imported(*arguments)
        assert "click" in modules
        assert not modules & (HEAVY | {"planner", "pydantic", "sqlite3", "sqlite_utils"})


def test_an_export_and_the_lists_import_nothing_heavy() -> None:
    with Store(paths.database()) as store:
        store.add_user_turn(store.new_session("mini").id, "hello")
    for arguments in (["export"], ["sessions"], ["data", "status"]):
        modules = imported(*arguments)
        assert "sqlite3" in modules
        assert not modules & HEAVY
    assert not imported("models", "list") & (HEAVY | {"huggingface_hub", "httpx2", "numpy"})


@with_encoder
@pytest.mark.llama
def test_a_reply_of_llama_cpp_imports_it_in_the_child_only(tiny_model: Path) -> None:
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed")
    modules = imported("say", "--model", str(tiny_model), "hello")
    assert modules & HEAVY == {"onnxruntime", "tokenizers"}  # the encoder's
    with Store(paths.database()) as store:
        assert store.stats().turns == 2
