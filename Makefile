# Railyard: every target in one line; `make` alone lists them.
STACK ?=
SYSTEM ?=
ENGINE ?=
PYTHON ?= python3
BIN := .venv/bin
RAILYARD := ./bin/railyard
# One more worker than cores: a test that waits for a process leaves its core to another.
PYTEST := -n 3 --dist loadgroup
STACK_AND_ENGINE := $(if $(STACK),--stack $(STACK)) $(if $(ENGINE),--engine $(ENGINE))
# A company's mirror of the package index that pip is told of holds for uv, too (see the recipe of .venv/ready).
NEEDS_INDEX := It needs a package index: with one, call make again
EDITABLE := --editable . $(patsubst %/pyproject.toml,--editable ./%,$(wildcard packages/*/pyproject.toml))
SPHINX := $(BIN)/sphinx-build -qEW --keep-going -d .venv/sphinx docs
PIN = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate pyproject.toml \
  $(patsubst packages/%/pyproject.toml,--no-emit-package %,$(wildcard packages/*/pyproject.toml))
OPTIONS := $(STACK_AND_ENGINE) $(if $(SYSTEM),--system $(SYSTEM)) $(if $(JSON),--json)

# Commands that find compiled files start in half the time; `make clean` removes them with .venv.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help preview up refresh destroy unprotect sandbox shell reset tools sops test test-fast conformance coverage check lock wheels audit bench faults live demo docs format generate clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  STACK=<one Pulumi.<stack>.yaml> (default: the one from which others promote), SYSTEM=<one system>, JSON=1 for programs"
	@echo "  ENGINE=embedded|pulumi (default: pulumi where it and its plugins are found)"

preview: .venv/ready ## Show what would change, without a single request
	@$(RAILYARD) preview $(OPTIONS)

up: .venv/ready ## Bring the stack up in the sandbox; REFRESH=1 brings back what was changed by hand
	@$(RAILYARD) up $(OPTIONS) $(if $(REFRESH),--refresh)

refresh: .venv/ready ## Compare the state with the simulated clouds and take over what differs
	@$(RAILYARD) refresh $(OPTIONS)

destroy: .venv/ready ## Take the stack down (protected resources: make unprotect first)
	@$(RAILYARD) destroy $(OPTIONS)

unprotect: .venv/ready ## Lift the protection of volumes and buckets, so that destroy may delete them
	@$(RAILYARD) unprotect $(STACK_AND_ENGINE)

sandbox: .venv/ready ## Serve the simulated APIs; print the variables that point ordinary tools at them, and write them to .sandbox/environment
	@$(RAILYARD) sandbox serve

shell: .venv/ready ## Open a shell whose variables point at the sandbox
	@$(RAILYARD) sandbox shell

reset: .venv/ready ## Empty the sandbox: all simulated clouds and both states
	@$(RAILYARD) sandbox reset

tools: .venv/ready ## Install the pinned Pulumi CLI and its plugins, where the network allows; else build the CLI with Go
	@$(RAILYARD) tools

sops: .venv/ready ## Build the pinned sops with Go, for the tests that compare with it; nothing else needs it built
	@$(BIN)/python -m tools.sops_program

test: .venv/ready ## Run the test suite; what needs the Pulumi CLI is `make conformance`
	@$(BIN)/pytest $(PYTEST) --ignore tests/conformance

conformance: .venv/ready ## Run the tests with the Pulumi CLI, to which they compare the embedded engine (make tools)
	@$(BIN)/pytest $(PYTEST) tests/conformance

test-fast: .venv/ready ## Run the tests that start no commands and bring no stack up
	@$(BIN)/pytest $(PYTEST) -m "not slow"

coverage: .venv/ready ## Run both test suites, and print which lines and branches they do not reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest $(PYTEST)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

check: .venv/ready ## Lint, format, types, imports, workflows, links of the pages, and whether generated files are current
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/lint-imports --no-logo --cache-dir .venv/import-linter
	@$(BIN)/python -m tools.import_table --check
	@$(BIN)/python -m tools.versions --check
	@$(BIN)/python -m tools.decision_index --check
	@$(BIN)/python -m tools.railway_answers --check
	@$(BIN)/python -m tools.command_reference --check
	@$(BIN)/python -m tools.settings_reference --check
	@$(BIN)/python -m tools.component_reference --check
	@$(BIN)/python -m tools.component_examples --check
	@$(BIN)/python -m pulumiverse_railway.provider.generate --check
	@$(BIN)/python -m tests.pages.operations --check
	@$(BIN)/python -m railyard.map.generate --check
	@$(RAILYARD) workflows --check
	@$(SPHINX) -b dummy .venv/site
	@$(BIN)/zizmor --quiet --no-progress --offline .github
	@if command -v go >/dev/null; then \
	  go -C tools/actionlint build -o "$(CURDIR)/.venv/actionlint" github.com/rhysd/actionlint/cmd/actionlint && .venv/actionlint; \
	elif [ "$$CI" ]; then echo "make check needs a Go toolchain here, for actionlint" >&2; exit 1; \
	else echo "actionlint is left out: there is no Go toolchain" >&2; fi

lock: .venv/ready ## Write requirements.txt anew: what each pyproject.toml asks for, pinned, with hashes (UPGRADE=1: newest)
	@$(PIN) --group dev $(if $(UPGRADE),--upgrade) --output-file requirements.txt >/dev/null
	@$(PIN) --constraint requirements.txt --output-file railyard/init/pinned.txt >/dev/null

wheels: .venv/ready ## Build the wheel of the project and of each package into dist, and what a release has beside them
	@rm -rf dist build packages/*/build
	@for package in . packages/*; do \
	  $(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist "$$package" || exit 1; done
	@rm -rf build packages/*/build
	@ls dist/*.whl
	@$(BIN)/python -m tools.release $(ADDRESS)

audit: .venv/ready ## Look for known holes in the pinned packages
	@$(PYTHON) -m venv .venv/audit
	@.venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@.venv/audit/bin/pip-audit --no-deps --disable-pip --requirement requirements.txt

bench: .venv/ready ## Count the requests to Railway for one topology, beside other tools' figures; measure start-up, growth, one system in a stack of fifty, and the real engine
	@$(BIN)/python -m benchmarks.requests
	@$(BIN)/python -m benchmarks.startup
	@$(BIN)/python -m benchmarks.simulator_growth
	@$(BIN)/python -m benchmarks.growth
	@$(BIN)/python -m benchmarks.systems
	@$(BIN)/python -m benchmarks.real_engine

faults: .venv/ready ## Let everything go wrong with every mutation once, and print what became of it
	@$(BIN)/python -m tests.pages.faults --write

live: .venv/ready ## Try the doubtful points of Railway's API: with RAILWAY_API_TOKEN on that account, else in the sandbox
	@$(BIN)/python -m railyard.contract $(if $(ONLY),--only $(ONLY)) $(if $(YES),--yes) $(if $(CLEAN),--clean) $(if $(JSON),--json)

demo: .venv/ready ## Walk the road from a pull request to production, in a throw-away copy and sandbox
	@$(BIN)/python -m railyard.rehearsal

docs: .venv/ready ## Make a site of the pages, with a search that works offline: site/index.html
	@rm -rf site
	@$(SPHINX) site
	@! grep -rEo '<(script|link|img)[^>]*(src|href)="(https?:)?//[^"]*"' site --include=*.html || \
	  { echo "the site loads this from elsewhere: a page of it has to work without a network" >&2; exit 1; }
	@echo "site/index.html"

format: .venv/ready ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

generate: .venv/ready ## Write what is generated: Railway's answers as types, the provider's SDK and schema, the settings' schema, versions
	@$(BIN)/python -m tools.versions
	@$(BIN)/python -m tools.railway_answers
	@$(BIN)/python -m pulumiverse_railway.provider.generate
	@$(BIN)/python -m components.generate
	@$(BIN)/python -m stacks.schema
	@$(BIN)/python -m stacks.policy.page
	@$(BIN)/python -m railyard.operate.doctor.first_page
	@$(BIN)/python -m tests.pages.operations
	@$(BIN)/python -m railyard.map.generate
	@$(RAILYARD) workflows
	@$(BIN)/python -m tools.import_table
	@$(BIN)/python -m tools.decision_index
	@$(BIN)/python -m tools.command_reference
	@$(BIN)/python -m tools.settings_reference
	@$(BIN)/python -m tools.component_reference
	@$(BIN)/python -m tools.component_examples

clean: ## Remove the virtual environment, the sandbox and the site
	@rm -rf .venv .sandbox site

.venv/ready: requirements.txt $(wildcard packages/*/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  version=$$($(PYTHON) --version 2>&1) || version=missing; \
	  echo "Railyard needs Python 3.11 or newer, and $(PYTHON) is $$version: name another one, make PYTHON=python3.12" >&2; exit 1; }
	@if [ -L .venv ] && [ ! -e .venv ]; then \
	  echo ".venv is a link to $$(readlink .venv), which is not there any more: remove the link, rm .venv, and call make again" >&2; exit 1; fi
	@echo "set-up 1/2: making .venv with $$($(PYTHON) --version)" >&2
	@$(PYTHON) -m venv .venv || { echo "no .venv was made: python says why above; where its venv module is missing, apt install python3-venv" >&2; exit 1; }
	@echo "set-up 2/2: installing $$(grep -c == requirements.txt) pinned packages (about a quarter of a minute)" >&2
	@awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.txt >.venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt || { \
	  echo "not every package was installed: pip says why above. $(NEEDS_INDEX)" >&2; exit 1; }
	@index=$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || echo "$$PIP_INDEX_URL"); \
	if [ "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(BIN)/uv pip install --quiet --require-hashes -r requirements.txt && $(BIN)/uv pip install --quiet --no-deps --no-build-isolation $(EDITABLE) || { \
	  echo "not every package was installed: uv says why above. $(NEEDS_INDEX)" >&2; exit 1; }
	@touch $@
