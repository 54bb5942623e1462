.DEFAULT_GOAL := help
.PHONY: help demo demo-clean test prepare lint unit integration sanity molecule bench mutants build clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 18

demo: ## on this machine, as root: deploy, back up, restore, drill, swap, compare
	@tests/demo/run

demo-clean: ## remove every trace of the demo
	@tests/demo/clean

test: ## everything below in turn, up to the first failure
	@tests/tools/test

prepare: ## install the tools, start Docker, build the images of the test hosts
	@tests/tools/prepare

lint: ## ansible-lint, yamllint, ruff, mypy, shellcheck, changelog fragments
	@tests/tools/lint

unit: ## unit tests; ARGS='-k word' goes to pytest
	@tests/tools/in-venv pytest tests/unit $(ARGS)

integration: ## tests against real PostgreSQL servers; ARGS='-k word' goes to pytest
	@tests/tools/integration $(ARGS)

sanity: ## ansible-test sanity, every test
	@tests/tools/sanity $(ARGS)

molecule: ## roles on real hosts; SCENARIO=default runs one, KEEP=1 keeps a host that failed
	@tests/tools/molecule $(SCENARIO)

bench: ## how much faster than pg_dump | gzip; ARGS='--scale 0.1' for a small database
	@tests/tools/bench $(ARGS)

mutants: ## break the code on purpose, before a release: what no test notices is printed; ARGS='swap' for some
	@tests/tools/mutants $(ARGS)

build: ## build the collection into .build/
	@tests/tools/in-venv ansible-galaxy collection build --force --output-path .build

clean: ## remove hosts, environment and caches; stop Docker if we started it
	@tests/tools/clean
