# The two commands of the README, and what maintainers need. Everything happens inside .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What the demo needs is installed; and what the tests, checks and pages need besides.
DEMO := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable
OUT ?= demo_report

.PHONY: bench demo docs test test-all lint types tests tests-all format clean constraints lowest newest licences

demo: $(DEMO)
	$(BIN)/iapt-topics demo --out $(OUT)

# The quick tests, for everyone, in minutes; and all of them, as CI runs them.
test: lint types tests
test-all: lint types tests-all

$(DEMO): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL) '.[offline]'
	touch $@

$(STAMP): $(DEMO)
	$(INSTALL) '.[offline,spss,language,names,scale,static,docs,dev]'
	touch $@

# Pages in docs/_build; a warning is an error, and nothing is fetched.
docs: $(STAMP)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(STAMP)
	$(BIN)/mypy

# Two processes, of one thread each: threads of two that share two cores wait for each other.
tests: MARKED := -m "not slow"
tests tests-all: $(STAMP)
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal $(MARKED)

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Writes down the versions that are installed now as the tested set.
constraints: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > constraints.txt

# The lowest versions that pyproject.toml allows, and the newest there are, each in its own folder.
# Warnings of old packages about newer ones are not failures.
lowest: PYTEST_OPTIONS := -W ignore::DeprecationWarning
lowest: RESOLUTION := lowest-direct
newest: RESOLUTION := highest
lowest newest:
	$(PYTHON) -m venv .venv-$@
	.venv-$@/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-$@/bin/uv pip compile --quiet --resolution $(RESOLUTION) --extra offline --extra spss --extra language --extra names --extra scale --extra static --extra dev $(UV_OPTIONS) pyproject.toml --output-file .venv-$@/versions.txt
	.venv-$@/bin/uv pip install --quiet --python .venv-$@/bin/python $(UV_OPTIONS) --requirement .venv-$@/versions.txt
	.venv-$@/bin/uv pip install --quiet --python .venv-$@/bin/python --no-deps --editable .
	.venv-$@/bin/python -m pytest -m "not slow" $(PYTEST_OPTIONS)

# Times and memory beside plain BERTopic and other peers, written into the docs; with DATA, a folder,
# all sizes too; with TURFTOPIC, the Python of an environment that has it, turftopic too.
bench: $(STAMP)
	$(BIN)/python benchmarks/speed.py --runs 5 $(if $(DATA),--data $(DATA)) --write docs/laboratory.md
	$(BIN)/python benchmarks/speed.py --peers --runs 5 $(if $(TURFTOPIC),--turftopic $(TURFTOPIC)) --write docs/laboratory.md
	$(if $(DATA),$(BIN)/python benchmarks/speed.py --sizes --runs 1 --data $(DATA) --write docs/laboratory.md)

licences: $(STAMP)
	$(BIN)/python benchmarks/licences.py > docs/licences.md

clean:
	rm -rf $(VENV) .venv-lowest .venv-newest build dist docs/_build .pytest_cache .mypy_cache .ruff_cache
