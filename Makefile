# make run    the main job on real reviews        make test   all tests: check, unit, integration, yarn
# make unit   the quick tests                     make faults workers, executors and nodes are killed and stopped
# make faults-here   those of them that need no Hadoop
# make bench  training as others do it beside ours, and how fast each engine prepares (makes env-peers and env-flink)
# make soak   an hour of short runs with random faults; SOAK_MINUTES=3 make soak is a short one
# make test-spark35   the unit and integration tests with Spark 3.5, in an environment of its own
# make env    the environment alone, .venv; env-flink that of Flink, .venv-flink
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# Where several files name a package, the first has its version.
CONSTRAINTS := constraints.txt
FLINK := .venv-flink
SPARK35 := VENV=.venv-spark35 CONSTRAINTS='constraints-spark35.txt constraints.txt'
PEERS := .venv-peers
RUN := runs/reviews

.PHONY: env env-flink env-peers env-spark35 run test unit integration yarn faults faults-here soak check bench test-spark35 clean

env: $(VENV)/made

$(VENV)/made: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	awk -F== '!named[$$1]++' $(CONSTRAINTS) > $(VENV)/constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(VENV)/constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --constraint $(VENV)/constraints.txt --editable '.[cpu,dev]'
	# It needs TensorFlow by the name `tensorflow`, and would bring it a second time.
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --constraint $(VENV)/constraints.txt tensorflow-serving-api
	$(BIN)/python -m cluster.class_archive
	touch $@

env-peers: $(PEERS)/made

$(PEERS)/made: constraints-peers.txt constraints.txt
	$(PYTHON) -m venv --clear $(PEERS)
	awk -F== '!named[$$1]++' constraints-peers.txt constraints.txt > $(PEERS)/constraints.txt
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(PEERS)/constraints.txt uv
	$(PEERS)/bin/uv pip install --quiet --python $(PEERS)/bin/python --compile-bytecode --constraint $(PEERS)/constraints.txt \
	  numpy pandas pyarrow pyspark 'setuptools<81' six tensorflow-cpu tensorflowonspark torch
	# It needs TensorFlow by the name `tensorflow`, and would bring it a second time.
	$(PEERS)/bin/uv pip install --quiet --python $(PEERS)/bin/python --no-deps --constraint $(PEERS)/constraints.txt tf-keras
	touch $@

build/reviews.jsonl: examples/reviews.py $(VENV)/made
	$(BIN)/python examples/reviews.py $@

run: build/reviews.jsonl
	$(BIN)/textcnn train examples/reviews.toml --out $(RUN)
	$(BIN)/textcnn predict $(RUN) --text '这本书写得很好，值得一读' --text '房间又小又脏，再也不会来了' --text '送货很快，质量也不错'

test: check unit integration yarn

check: $(VENV)/made
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: $(VENV)/made
	$(BIN)/python -m pytest -m 'not integration and not yarn and not faults and not soak' --durations=5 --numprocesses 2 --dist loadfile

integration: build/reviews.jsonl
	$(BIN)/python -m pytest -m integration --durations=10

yarn: build/reviews.jsonl
	$(BIN)/python -m pytest -m 'yarn and not faults' --durations=10

faults: build/reviews.jsonl
	$(BIN)/python -m pytest -m faults --durations=10

faults-here: build/reviews.jsonl
	$(BIN)/python -m pytest -m 'faults and not yarn' --durations=10

soak: build/reviews.jsonl
	$(BIN)/python -m pytest -m soak --capture=no

bench: build/reviews.jsonl $(PEERS)/made $(FLINK)/made
	$(BIN)/python -m benchmarks.side_by_side
	$(BIN)/python -m benchmarks.preparing

env-spark35:
	$(MAKE) env $(SPARK35)

test-spark35:
	$(MAKE) unit integration $(SPARK35)

# PyFlink wants other versions of numpy, pyarrow and protobuf than TensorFlow.
env-flink: $(FLINK)/made

$(FLINK)/made: constraints-flink.txt $(VENV)/made
	$(PYTHON) -m venv --clear $(FLINK)
	$(BIN)/uv pip install --quiet --python $(FLINK)/bin/python --compile-bytecode --requirement constraints-flink.txt
	touch $@

clean:
	rm -rf .venv .venv-spark35 $(FLINK) $(PEERS) build runs *.egg-info
