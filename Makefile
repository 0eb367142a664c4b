# Every target does its own set-up. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test test-system campaign check bench lock docs pictures translations format clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## the whole job in a browser, against an embedded EHR (ARGS="--fhir BASE", "--data FILE", "--check")
	@$(PYTHON) tools/setup_venv.py runtime
	@$(BIN)/rapport demo $(ARGS)

test: ## everything that needs no further install
	@$(PYTHON) tools/setup_venv.py dev
	@$(BIN)/python -m pytest -m "not system" -n 2 $(ARGS)

test-system: ## browser, PostgreSQL, foreign FHIR servers, long runs; installs what is missing or says how
	@$(PYTHON) tools/setup_venv.py dev
	@$(PYTHON) tools/setup_system.py
	@$(BIN)/python -m pytest -m system -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

campaign: ## the long forms, hours, not in .ci/run: 5,000 records against the oracle, 1,500 rows of bad answers, every drawn person judged, then mutants (ARGS="fhir_mappings.measures.focus*")
	@$(PYTHON) tools/setup_venv.py dev
	@$(BIN)/python -m pytest tests/fhir_mappings/measures/oracle -n 2 --hypothesis-profile campaign --timeout 3600
	@$(BIN)/python -m pytest tests/care/submission/table/test_answers_in_a_row.py -n 2 --hypothesis-profile campaign --timeout 3600
	@$(BIN)/python -m pytest tests/fhir_mappings/reliable_change/simulation -n 2 -rP --hypothesis-profile campaign --timeout 3600
	@$(BIN)/python -m mutmut run --max-children 2 $(ARGS)
	@$(BIN)/python -m mutmut results

check: ## ruff, mypy, import-linter, djlint
	@$(PYTHON) tools/setup_venv.py dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint templates smart_app/sandbox/pages --lint --quiet

bench: ## speed, size and memory as ratios, each beside its goal; exits 1 when one is missed
	@$(PYTHON) tools/setup_venv.py dev
	@$(PYTHON) tools/setup_system.py bench
	@$(BIN)/python -m tests.bench $(ARGS)

docs: ## write the generated pages of docs/ anew
	@$(PYTHON) tools/setup_venv.py dev
	@$(BIN)/python -m tests.fhir_mappings.reliable_change.simulation
	@$(BIN)/python -m tests.documentation
	@$(BIN)/python -m tests.conformance
	@$(BIN)/python -m tests.care.submission.table.fate_page

pictures: ## take the pictures of README and docs anew, of the demo's patients in Chromium
	@$(PYTHON) tools/setup_venv.py dev
	@$(PYTHON) tools/setup_system.py
	@$(BIN)/python -m tests.documentation.pictures $(ARGS)

translations: ## every text of code and templates into smart_app/locales (ARGS="--language fr" begins one)
	@$(PYTHON) tools/setup_venv.py dev
	@$(BIN)/python tools/translations.py $(ARGS)

format: ## let ruff format and fix what it can
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: ## write the lock files anew (needs uv and npm)
	@uv lock --quiet --upgrade
	@uv export --quiet --no-header --no-emit-project --no-default-groups --group build --extra postgres --format requirements-txt -o requirements/runtime.txt > /dev/null
	@uv export --quiet --no-header --no-emit-project --no-default-groups --group build --group lint --group test --group campaign --group system --extra pdf --extra postgres --format requirements-txt -o requirements/dev.txt > /dev/null
	@$(PYTHON) tools/lock_node.py

clean: ## remove what the other targets made
	rm -rf .venv .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis artefacts dist mutants tests/peers/*/target tests/peers/*/node_modules
