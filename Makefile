# The same without make: python3 checks/workbook/bootstrap.py lab (or setup, or test).
# Another Python: make lab PYTHON=python3.13. A certain lesson: make lab LESSON=2.
PYTHON ?= python3
LESSON ?=
BOOTSTRAP = @$(PYTHON) checks/workbook/bootstrap.py
LOCKING = @.venv/bin/uv pip compile pyproject.toml --quiet --group setup --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url $(UPGRADE)

.PHONY: setup lab test lint build lock clean

setup: ## make .venv and install the workbook
	$(BOOTSTRAP) setup

lab: ## set up, then open JupyterLab where you were last, on the first day on lesson 1
	$(BOOTSTRAP) lab $(LESSON)

test: ## set up, then run every test; some of them: make test STEPS="ruff types"; one lesson: make test LESSON=3
	$(BOOTSTRAP) test $(STEPS) $(if $(filter command,$(origin LESSON)),--lesson $(LESSON))

lint: ## set up, then ruff and the type checker
	$(BOOTSTRAP) test ruff format types

build: ## set up, then make the starters and notebooks from solutions/ and notebooks/src/
	$(BOOTSTRAP) setup --dev
	@.venv/bin/workbook build

lock: ## remake the locks from pyproject.toml; newer versions: make lock UPGRADE=--upgrade
	$(BOOTSTRAP) setup --dev
	$(LOCKING) --output-file requirements.lock
	$(LOCKING) --extra dev --extra postgres --extra cluster --extra site --constraint requirements.lock --output-file .ci/all.lock
	@awk 'NR == FNR { if (/==/) known[$$1]; next } /==/ { wanted = !($$1 in known) } wanted' \
		requirements.lock .ci/all.lock > .ci/requirements-dev.lock && rm .ci/all.lock

clean: ## delete caches and test output; .venv and the learner's progress stay
	@rm -rf .pytest_cache .ruff_cache artifacts dist
	@find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
