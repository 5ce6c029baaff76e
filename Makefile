# Every target does its own set-up: the virtual environment, llama.cpp (compiled once), the packages.
.PHONY: install chat test check bench faults clean

install:
	@scripts/setup all

chat:
	@scripts/setup chat
	@.venv/bin/companion chat

test:
	@scripts/setup all
	@.venv/bin/python -m pytest -q -n auto --dist worksteal --cov=planner --cov=companion --cov=training --cov-report= $(ARGS)
	@.venv/bin/coverage report --include='planner/*' --fail-under=100
	@.venv/bin/coverage report --include='companion/store/*,companion/text.py' --fail-under=95

check:
	@scripts/setup all
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@.venv/bin/python -m training.corpus_check

bench:
	@scripts/setup all
	@.venv/bin/python benchmarks/startup.py
	@.venv/bin/python benchmarks/store.py
	@.venv/bin/python benchmarks/decode.py models/mini.gguf

faults:
	@scripts/setup all
	@.venv/bin/python -m tests.faults.characters --millions 10
	@.venv/bin/python -m tests.faults $(ARGS)

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage build *.egg-info
