# Everything runs in .venv, which is made and filled the first time, and again when the requirements change.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow lint install
.DEFAULT_GOAL := test

demo: install  ## train, judge and export a policy on the shipped scenario, in about five minutes
	$(BIN)/maitred demo

test: install  ## the tests
	$(BIN)/pytest

test-slow: install  ## the long checks
	$(BIN)/pytest -m slow

lint: install  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[train,serve,dev]' --constraint constraints.txt
	touch $@
