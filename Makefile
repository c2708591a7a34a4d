# make run    the main job on real reviews        make test   the tests, but for make yarn
# make env    the environment alone               make bench  the measurements
# make yarn   the tests on real HDFS and YARN daemons
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
RUN := runs/reviews

.PHONY: env run test unit integration yarn check bench clean

env: .venv/made

.venv/made: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[cpu,dev]'
	touch $@

build/reviews.jsonl: examples/reviews.py .venv/made
	$(BIN)/python examples/reviews.py $@

run: build/reviews.jsonl
	$(BIN)/textcnn train examples/reviews.toml --out $(RUN)
	$(BIN)/textcnn predict $(RUN) --text '这本书写得很好，值得一读' --text '房间又小又脏，再也不会来了' --text '送货很快，质量也不错'

test: check unit integration

check: .venv/made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/made
	$(BIN)/python -m pytest -m 'not integration and not yarn' --durations=5

integration: build/reviews.jsonl
	$(BIN)/python -m pytest -m integration --durations=10

yarn: build/reviews.jsonl
	$(BIN)/python -m pytest -m yarn --durations=10

bench: build/reviews.jsonl
	$(BIN)/python -m benchmarks.main

clean:
	rm -rf .venv build runs *.egg-info
