"""A Dask cluster records the same ledger as one process, also when its workers die."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import dask
import pytest
from distributed import LocalCluster
from distributed.security import Security

from cv.cli import main
from cv.errors import InputError
from cv.ledger import Ledger
from cv.pipeline.dask_pool import DaskPool
from cv.pipeline.parallel_batch import WorkerConfig, monitor_on_dask
from cv.pipeline.scene_outcome import SceneStatus
from cv.scene.scene import Scene
from cv.site import Site
from tests.fixtures import worker_faults
from tests.fixtures.fake_detectors import painted_detector
from tests.pipeline import test_parallel_batch

place = test_parallel_batch.place
HOST = "127.0.0.1"


@pytest.fixture
def local():
    """Two workers that are restarted when they end; a task is blamed after two deaths."""
    few = dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with (
        few,
        LocalCluster(
            n_workers=2, threads_per_worker=1, host=HOST, dashboard_address=f"{HOST}:0"
        ) as cluster,
    ):
        yield cluster


def run_batch(place, ledger_path, address, opener=Scene.open, report=lambda _: None):
    """The outcomes by day of the month."""
    paths = sorted((place / "scenes").glob("*.tif"))
    recipe = WorkerConfig(Site.read(place / "port.geojson"), painted_detector, opener)
    with Ledger.open(ledger_path) as ledger, DaskPool.at(address, 60.0) as cluster:
        outcomes = monitor_on_dask(paths, recipe, ledger, cluster, report)
    return {int(path.name[6:8]): one for path, one in zip(paths, outcomes, strict=True)}


def test_a_cluster_records_the_same_ledger_as_one_process(place, local):
    ours, alone = place / "dask.db", test_parallel_batch.serial(place, place / "alone.db")
    first = run_batch(place, ours, local.scheduler_address)
    assert {one.status for one in first.values()} == {SceneStatus.RECORDED}
    assert test_parallel_batch.counts(ours) == test_parallel_batch.counts(alone)
    again = run_batch(place, ours, local.scheduler_address)
    assert {one.status for one in again.values()} == {SceneStatus.KNOWN}
    assert test_parallel_batch.counts(ours) == test_parallel_batch.counts(alone)


def open_slowly(path):
    """Open a scene after a pause."""
    time.sleep(0.5)
    return Scene.open(path)


def test_a_killed_worker_does_not_change_the_ledger(place, local):
    ours, alone = place / "dask.db", test_parallel_batch.serial(place, place / "alone.db")
    pids = [nanny.pid for nanny in local.workers.values()]
    killed: list[int] = []

    def kill_one(outcome):
        if not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    outcomes = run_batch(place, ours, local.scheduler_address, open_slowly, kill_one)
    assert killed
    assert [nanny.pid for nanny in local.workers.values()] != pids
    assert {one.status for one in outcomes.values()} == {SceneStatus.RECORDED}
    assert test_parallel_batch.counts(ours) == test_parallel_batch.counts(alone)


def test_a_scene_that_kills_workers_is_quarantined_and_others_are_counted(place, local):
    path = place / "dask.db"
    first = run_batch(place, path, local.scheduler_address, test_parallel_batch.opened)
    deadly = [day for day, one in first.items() if one.status is SceneStatus.QUARANTINED]
    assert deadly == [test_parallel_batch.DEADLY]
    assert "workers of the cluster ended" in first[test_parallel_batch.DEADLY].reason
    assert {one.status for day, one in first.items() if day not in deadly} == {SceneStatus.RECORDED}


def test_a_failing_file_does_not_affect_others(tmp_path, local):
    names = [f"scene-{i}" for i in range(12)] + ["leaves-a", "hangs-a", "fails-a", "once-a"]
    paths = [tmp_path / f"{name}.tif" for name in names]
    with DaskPool.at(local.scheduler_address, 3.0) as cluster:
        results = list(cluster.map_unordered(paths, worker_faults.make))
    by_name = {one.path.stem: one for one in results}
    assert len(results) == len(by_name) == len(names)
    assert [by_name[name].found for name in names[:12]] == names[:12]
    assert by_name["once-a"].found == "once-a"
    assert by_name["leaves-a"].death
    assert by_name["hangs-a"].death
    assert "ValueError: no such luck" in by_name["fails-a"].fault


def test_workers_that_cannot_start_are_an_error(tmp_path, local):
    with (
        DaskPool.at(local.scheduler_address, 3.0) as cluster,
        pytest.raises(InputError, match=r"model\.onnx.*cannot start"),
    ):
        list(cluster.map_unordered([tmp_path / "a.tif"], worker_faults.make_nothing))


def change_while_opening(path):
    """Open a scene; the file of one day changes when it is opened for the first time."""
    scene = Scene.open(path)
    if "20240305" in path.name and not path.with_suffix(".seen").exists():
        scene.digest  # noqa: B018 - computed from the old content
        path.with_suffix(".seen").touch()
        path.write_bytes(path.read_bytes() + b"more")
    return scene


def test_a_scene_that_changes_during_the_batch_is_refused(place, local):
    ours = place / "dask.db"
    outcomes = run_batch(place, ours, local.scheduler_address, change_while_opening)
    refused = [day for day, one in outcomes.items() if one.status is SceneStatus.REFUSED]
    assert refused == [5]
    assert "changed while it was counted" in outcomes[5].reason
    with Ledger.open(ours, readonly=True) as ledger:
        assert len(ledger.counts()) == 7


def another_detector():
    """Return a detector with another model on a worker than in the main process."""
    from dataclasses import replace

    usual = painted_detector()
    if threading.current_thread() is threading.main_thread():
        return usual
    network = usual.models[0]
    return replace(usual, models=(replace(network, digest="another"),))


def test_a_worker_with_another_model_is_an_error(place, local):
    recipe = WorkerConfig(Site.read(place / "port.geojson"), another_detector, Scene.open)
    paths = sorted((place / "scenes").iterdir())
    with (
        Ledger.open(place / "dask.db") as ledger,
        DaskPool.at(local.scheduler_address, 60.0) as cluster,
        pytest.raises(InputError, match="same model on every worker"),
    ):
        monitor_on_dask(paths, recipe, ledger, cluster)
    with Ledger.open(place / "dask.db", readonly=True) as ledger:
        assert ledger.counts() == ()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://192.0.2.7:8786", "without TLS"),
        ("scheduler.example:8786", "without TLS"),
        ("tls://127.0.0.1:8786", "without certificates"),
        ("inproc://here", "HOST:PORT"),
        ("file:///etc/passwd", "HOST:PORT"),
        ("127.0.0.1", "HOST:PORT"),
        ("user:secret@127.0.0.1:8786", "***@127.0.0.1:8786"),
        ("tls://user:secret@127.0.0.1:8786", "***@127.0.0.1:8786"),
    ],
)
def test_invalid_and_unprotected_addresses_are_refused(
    place, address, message, capsys, monkeypatch
):
    asked = []
    monkeypatch.setattr(socket.socket, "connect", lambda *a: asked.append(a))
    code = main(
        ["monitor", str(place / "scenes"), "--site", str(place / "port.geojson"),
         "--ledger", str(place / "new.db"), "--dask", address]
    )  # fmt: skip
    err = capsys.readouterr().err
    assert code == 2
    assert message in err
    assert "secret" not in err
    assert not (place / "new.db").exists()
    assert not asked


def test_invalid_certificates_are_an_error(place, capsys):
    (place / "bad.pem").write_text("no certificate")
    for name in ("missing.pem", "bad.pem"):
        parts = {"ca-file": name, "client.cert": name, "client.key": name}
        settings = {f"distributed.comm.tls.{key}": str(place / v) for key, v in parts.items()}
        with dask.config.set(settings), pytest.raises(InputError, match=r"comm\.tls"):
            DaskPool.at("tls://127.0.0.1:8786", 1.0).__enter__()


SCHEDULER = """
import asyncio
from distributed import Scheduler, Worker
async def main(workers):
    async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
        for _ in range(workers):
            await Worker(scheduler.address, nthreads=1, dashboard=False)
        print(scheduler.address, flush=True)
        await scheduler.finished()
asyncio.run(main({workers}))
"""


def run_tasks(path, workers, kill_after_s=None):
    """Run a task on a scheduler with so many workers, which may be killed meanwhile."""
    command = [sys.executable, "-c", SCHEDULER.format(workers=workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as scheduler:
        try:
            with DaskPool.at(scheduler.stdout.readline().strip(), 60.0) as cluster:
                if kill_after_s is not None:
                    threading.Timer(kill_after_s, scheduler.kill).start()
                return list(cluster.map_unordered([path], worker_faults.make))
        finally:
            scheduler.kill()


def test_a_scheduler_that_dies_is_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("cv.pipeline.dask_pool._CLOSE_S", 1.0)
    with pytest.raises(InputError, match="scheduler has gone"):
        run_tasks(tmp_path / "hangs-a.tif", 1, kill_after_s=1.0)
    assert "Traceback" not in capsys.readouterr().err


def test_a_cluster_without_workers_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("cv.pipeline.dask_pool._WORKER_TIMEOUT_S", 1.0)
    with pytest.raises(InputError, match="no worker in 1 s"):
        run_tasks(tmp_path / "a.tif", 0)


def test_an_address_without_a_scheduler_is_an_error(place, monkeypatch, capsys):
    monkeypatch.setattr("cv.pipeline.dask_pool._CONNECT_S", 1.0)
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    code = main(
        ["monitor", str(place / "scenes"), "--site", str(place / "port.geojson"),
         "--ledger", str(place / "new.db"), "--dask", f"{HOST}:{port}"]
    )  # fmt: skip
    assert code == 2
    assert re.search("no connection", capsys.readouterr().err)


def test_a_cluster_can_be_used_over_tls(place):
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    own = authority.issue_cert("scheduler.example")
    own.private_key_and_cert_chain_pem.write_to_path(place / "own.pem")
    authority.cert_pem.write_to_path(place / "ca.pem")
    names = {"tls_ca_file": place / "ca.pem"} | {
        f"tls_{role}_{part}": place / "own.pem"
        for role in ("client", "scheduler", "worker")
        for part in ("cert", "key")
    }
    security = Security(require_encryption=True, **{key: str(v) for key, v in names.items()})
    configured = {
        "distributed.comm.tls.ca-file": str(place / "ca.pem"),
        "distributed.comm.tls.client.cert": str(place / "own.pem"),
        "distributed.comm.tls.client.key": str(place / "own.pem"),
    }
    with LocalCluster(
        n_workers=1, threads_per_worker=1, protocol="tls://", host=HOST,
        security=security, dashboard_address=f"{HOST}:0",
    ) as secured:  # fmt: skip
        assert secured.scheduler_address.startswith("tls://")
        with dask.config.set(configured):
            outcomes = run_batch(place, place / "dask.db", secured.scheduler_address)
    assert {one.status for one in outcomes.values()} == {SceneStatus.RECORDED}
