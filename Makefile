# make compare   set up, run the main job, end with a verdict and a report
# make test      set up and pass the tests
# Both need Python and make, and cost nothing when nothing has changed.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# for two cores: one of the three waits for Slurm, or for a line that breaks, most of the time
PYTEST_ARGS ?= -n 3 --slow

.PHONY: compare test lint types clean

compare: $(VENV)/.installed
	$(BIN)/loihi-deploy compare pes-connection --out comparison/pes-connection

test: $(VENV)/.tested
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: $(VENV)/.linted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Which share of all expressions mypy knows the type of, by module.
types: $(VENV)/.linted
	$(BIN)/mypy --any-exprs-report $(VENV)/types
	@cat $(VENV)/types/any-exprs.txt

clean:
	rm -rf $(VENV) .venv-* comparison site dist

# PySpike is compiled on the spot. Where there is no C compiler, all but its two
# distances works, and reports say so.
$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	$(PIP) --editable '.[spikes]' || echo "no PySpike here: reports go without ISI- and SPIKE-distances"
	touch $@

$(VENV)/.tested: $(VENV)/.installed
	$(PIP) --editable '.[test]'
	touch $@

$(VENV)/.linted: $(VENV)/.installed
	$(PIP) --editable '.[lint]'
	touch $@

.PHONY: parity-pes examples nengo-suite goals docs cluster faults
goals: $(VENV)/.installed
	$(BIN)/python benchmarks/goals.py --full

docs: $(VENV)/.documented
	$(BIN)/mkdocs build --strict --quiet
	@echo "the site is in site/: $$(find site -name '*.html' | wc -l) pages"

$(VENV)/.documented: $(VENV)/.installed
	$(PIP) --editable '.[docs]'
	touch $@

# The wheel is built from the sdist, and tried in an environment that has nothing else of ours.
.PHONY: wheel
wheel: $(VENV)/.packaged
	rm -rf dist
	$(BIN)/python -m build --outdir dist . > $(VENV)/build.log || { cat $(VENV)/build.log; exit 1; }
	$(BIN)/twine check --strict dist/*
	.ci/try_wheel $(PYTHON)

$(VENV)/.packaged: $(VENV)/.installed
	$(PIP) --editable '.[package]'
	touch $@

# Slurm and sshd on this machine, and a Python for its jobs that has no more than Nengo.
SITE_PYTHON ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.8.*/bin/python /usr/bin/python3.8) $(PYTHON))
cluster: .venv-site/.installed
	$(PYTHON) hardware_tests/cluster/daemons.py --python $(CURDIR)/.venv-site/bin/python

faults: $(VENV)/.tested
	$(BIN)/python hardware_tests/cluster/campaign.py

# Readers of what comes from elsewhere, for ten minutes each; an environment that has atheris.
FUZZ_ARGS ?= --keep
.PHONY: fuzz
fuzz: .venv-fuzz/.installed
	.venv-fuzz/bin/python -m hardware_tests.attack.fuzzing $(FUZZ_ARGS)

.venv-fuzz/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet --disable-pip-version-check \
		--editable '.[nir]' 'atheris>=3,<4'
	touch $@

.venv-site/.installed: deploy/jobs/requirements.txt
	$(SITE_PYTHON) -m venv .venv-site
	.venv-site/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

parity-pes: $(VENV)/.installed
	$(BIN)/python benchmarks/parity_pes.py --plot docs/pes.svg

examples: $(VENV)/.installed
	$(BIN)/python benchmarks/examples.py

# Suites of others on deploy.Simulator, each in an environment of its own. Nengo's pytest plugin
# needs pytest 7 and pkg_resources, and the suites NumPy 1.
.PHONY: spa-suite
run_suite = cp emulator_tests/$(1)_suite.ini .venv-$(1)-suite && cd .venv-$(1)-suite && \
	PYTHONPATH=../emulator_tests bin/python -m pytest -q -n 2 -p no:cacheprovider \
	-p nengo_suite -c $(1)_suite.ini --pyargs $(2)

nengo-suite: .venv-nengo-suite/.installed
	$(call run_suite,nengo,nengo)

spa-suite: .venv-spa-suite/.installed
	$(call run_suite,spa,nengo_spa)

SUITE_NEEDS := 'nengo==4.1.0' 'numpy<2' 'pytest<8' 'setuptools<80' \
	pytest-rng pytest-plt pytest-allclose 'pytest-xdist>=3,<4'
.venv-spa-suite/.installed: SUITE_NEEDS += 'nengo-spa==2.0.0'
.venv-%-suite/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-$*-suite
	.venv-$*-suite/bin/python -m pip install --quiet --disable-pip-version-check --editable . \
		$(SUITE_NEEDS)
	touch $@

# nengo-loihi's own suite with target="loihi", on the virtual board. Its tests, with a data file that
# no package has, come from its repository; they need Python 3.8 and what was current then.
NENGO_LOIHI ?= https://github.com/nengo/nengo-loihi
BOARD_SUITE_ARGS ?= -n 2
.PHONY: board-suite
board-suite: .venv-board-suite/.installed
	cp hardware_tests/board_suite.ini .venv-board-suite/nengo-loihi
	cd .venv-board-suite/nengo-loihi && OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 \
		PYTHONPATH=$(CURDIR)/hardware_tests/virtual_board:$(CURDIR)/hardware_tests \
		../bin/python -m pytest -q -p no:cacheprovider -p board_suite -c board_suite.ini \
		--target loihi --no-hang --slow $(BOARD_SUITE_ARGS) nengo_loihi

.venv-board-suite/.installed:
	$(SITE_PYTHON) -m venv .venv-board-suite
	.venv-board-suite/bin/python -m pip install --quiet --disable-pip-version-check \
		'numpy==1.23.5' 'nengo==3.2.0' 'nengo-loihi==1.1.0' 'nengo-extras==0.5.0' 'pytest<8' \
		'setuptools<80' pytest-rng pytest-plt 'pytest-allclose==1.0.0' 'pytest-xdist>=3,<4' matplotlib
	rm -rf .venv-board-suite/nengo-loihi
	git clone --quiet --depth 1 -b v1.1.0 $(NENGO_LOIHI) .venv-board-suite/nengo-loihi
	touch $@

# Commands whose figures stand in the documentation, and what has moved since.
.PHONY: figures
figures: $(VENV)/.installed
	$(BIN)/python benchmarks/figures.py

.PHONY: fidelity
fidelity: $(VENV)/.installed
	$(BIN)/python -W ignore -m benchmarks.fidelity grid --figures docs/fidelity.json \
		--write docs/fidelity.md

.PHONY: programs
programs: $(VENV)/.installed
	$(BIN)/python -W ignore -m benchmarks.fidelity programs --figures docs/programs.json \
		--write docs/programs.md
