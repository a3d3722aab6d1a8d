# Two commands for a newcomer: `make demo` and `make test`. Both do all their own set-up in .venv/.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHOP ?= examples/grocer
# The CPU build of PyTorch from elsewhere: make demo TORCH_INDEX=https://…/whl/cpu
TORCH_INDEX ?=
TORCH := $(shell sed -n 's/^torch==/torch==/p' constraints.txt)

# One thread pool a process, and no spinning while it waits: two pools on two cores cost more than they give.
export OMP_WAIT_POLICY := PASSIVE
export TOKENIZERS_PARALLELISM := false

.PHONY: demo test lint format bench clean debian

demo: $(VENV)/.installed-demo
	$(BIN)/tradewind up $(SHOP)

test: debian $(VENV)/.installed-dev
	$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev
	$(BIN)/tradewind up $(SHOP) --no-serve
	@missed=; for claim in benchmarks/*.py; do echo "$$claim"; $(BIN)/python $$claim --quick; case $$? in 0) ;; \
	  2) echo "$$claim: its data is not there";; *) missed="$$missed $$claim";; esac; done; \
	if [ -n "$$missed" ]; then echo "claims that do not hold here:$$missed"; exit 1; fi

clean:
	rm -rf $(VENV) build dist examples/*/.tradewind .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

# As root the tests get the Debian parts they need; without root those that need them skip, by name.
debian:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v chromium >/dev/null; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; \
	fi

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) install -q $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	$(PIP) install -q -c constraints.txt -e '.[$*]'
	@touch $@
