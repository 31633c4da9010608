# make demo       the main job on a rendered sample port: scenes -> counts -> ledger -> tables and pictures
# make test       lint and the test suite without its slow part
# make test-slow  fault injection, fuzzing, whole trainings
# make lint       ruff and mypy
# make docs       the documentation site, in out/docs
# Each makes what it needs in .venv; PYTHON names the interpreter to make it from.

PYTHON ?= python3
OUT    ?= out/demo
BIN    := .venv/bin

.PHONY: demo test test-slow lint docs clean

demo: .venv/demo
	rm -rf $(OUT) && mkdir -p $(OUT)
	@echo "1 of 4: rendering the scenes of the sample port"
	$(BIN)/python datasets/sample_pier/render.py $(OUT)/scenes
	@echo "2 of 4: counting the scenes, the longest step"
	$(BIN)/pierwatch monitor $(OUT)/scenes --site datasets/sample_pier/site.geojson --ledger $(OUT)/port.db
	@echo "3 of 4: series, findings and alerts"
	$(BIN)/pierwatch series --ledger $(OUT)/port.db --pier "Export pier" --picture $(OUT)/export_pier.png
	$(BIN)/pierwatch series --ledger $(OUT)/port.db --pier "Import pier" --picture $(OUT)/import_pier.png
	$(BIN)/pierwatch events --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson
	$(BIN)/pierwatch timeline --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson --picture $(OUT)/timeline.png
	$(BIN)/pierwatch timeline --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson --pier "Export pier" --picture $(OUT)/export_pier_timeline.png
	$(BIN)/pierwatch alerts --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson > $(OUT)/alerts.jsonl || test $$? -eq 3
	@echo "4 of 4: table, GeoPackage and picture of a scene"
	$(BIN)/pierwatch export --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson $(OUT)/counts.csv
	$(BIN)/pierwatch export --ledger $(OUT)/port.db --site datasets/sample_pier/site.geojson $(OUT)/port.gpkg
	$(BIN)/pierwatch show "$$(ls $(OUT)/scenes/*_visual.tif | sed -n 9p)" --site datasets/sample_pier/site.geojson --picture $(OUT)/scene.png
	@echo "Pictures, ledger, table and GeoPackage are in $(OUT)/"

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not slow" -n 2 --dist loadscope

test-slow: .venv/test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -n 2 --dist loadscope

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/docs
	$(BIN)/sphinx-build --quiet --fail-on-warning docs out/docs
	@echo "The documentation is in out/docs/index.html"

.venv/demo: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing into .venv"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[gis,render]"
	touch $@

.venv/test: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test]"
	touch $@

.venv/docs: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[docs,gis]"
	touch $@

clean:
	rm -rf .venv out build dist
