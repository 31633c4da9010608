"""Acquisition times: declared, with a zone, kept in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
import rasterio

from cv.errors import TimeError
from cv.scene import acquisition_time
from cv.scene.acquisition_time import NamePattern
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff

MOMENT = datetime(2024, 3, 10, 1, 30, 45, tzinfo=UTC)


@pytest.fixture
def tiff(write_tiff: WriteTiff, colours: np.ndarray) -> Path:
    return write_tiff(colours, "pier_20240310_013045.tif")


def test_the_callers_time(tiff: Path) -> None:
    seoul = timezone(timedelta(hours=9))
    scene = Scene.open(tiff, acquired=datetime(2024, 3, 10, 10, 30, 45, tzinfo=seoul))
    assert scene.acquired == MOMENT
    assert scene.acquired is not None
    assert scene.acquired.utcoffset() == timedelta(0)


@pytest.mark.parametrize("year", [1900, 2101, 9999])
def test_a_time_in_an_unlikely_year_is_refused(tiff: Path, year: int) -> None:
    with pytest.raises(TimeError, match="years 1950 to 2100"):
        Scene.open(tiff, acquired=datetime(year, 1, 1, tzinfo=UTC))


def test_a_time_in_the_future_is_refused() -> None:
    now = datetime.now(UTC)
    assert acquisition_time.to_utc("a.tif", now + timedelta(hours=20)) > now
    with pytest.raises(TimeError, match="is in the future"):
        acquisition_time.to_utc("a.tif", now + timedelta(days=2))


def test_a_time_without_zone_is_refused(tiff: Path) -> None:
    with pytest.raises(TimeError, match="has no zone") as caught:
        Scene.open(tiff, acquired=datetime(2024, 3, 10))
    assert "pier_20240310_013045.tif" in str(caught.value)


def test_an_undeclared_time_is_none(tiff: Path) -> None:
    assert Scene.open(tiff).acquired is None


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("pier_20240310_013045", "UTC:pier_%Y%m%d_%H%M%S", MOMENT),
        ("pier_20240310_013045", "UTC:*_%Y%m%d_%H%M%S", MOMENT),
        ("2024-03-10T103045+0900 x", "%Y-%m-%dT%H%M%S%z*", MOMENT),
        ("a.b-2024-070-013045Z", "a.b-%Y-%j-%H%M%S%z", MOMENT),
        ("order10200517_20240310", "UTC:*%Y%m%d*", MOMENT.replace(hour=0, minute=0, second=0)),
        ("10Mar24", "UTC:%d%b%y", MOMENT.replace(hour=0, minute=0, second=0)),
        ("s_20240310013045.25_v2", "UTC:*%Y%m%d%H%M%S.%f*", MOMENT.replace(microsecond=250000)),
    ],
)
def test_names(name: str, pattern: str, expected: datetime) -> None:
    assert NamePattern.parse(pattern).time_of(Path(f"/x/{name}.tif")) == expected


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("pier_20240310", "pier_%Y%m%d"),
        ("pier_20240310", "UTC:quay_%Y%m%d"),
        ("pier_20240310_extra", "UTC:pier_%Y%m%d"),
        ("pier_20241350", "UTC:pier_%Y%m%d"),
        ("pier_20240310", "UTC:pier_%Y%m%d%Q"),
        ("pier_0310", "UTC:pier_%m%d"),
        ("pier_20242024", "UTC:pier_%Y%Y"),
        ("pier_20240310", "UTC:pier_%Y%m%d%"),
        ("00010101T000000+1400", "%Y%m%dT%H%M%S%z"),
        ("20240310T103045+0900", "UTC:%Y%m%dT%H%M%S%z"),
        ("202403", "UTC:%Y%m"),
        ("202410", "UTC:%Y%d"),
        ("99240310", "UTC:%Y%m%d"),
        ("20240310-20240311", "UTC:*%Y%m%d*"),
        ("20240230", "UTC:%Y%m%d"),
    ],
)
def test_names_without_a_time(name: str, pattern: str) -> None:
    with pytest.raises(TimeError):
        NamePattern.parse(pattern).time_of(Path(f"/x/{name}.tif"))


def test_a_pattern_given_to_a_scene(tiff: Path) -> None:
    assert Scene.open(tiff, time_pattern="UTC:pier_%Y%m%d_%H%M%S").acquired == MOMENT
    with pytest.raises(
        TimeError, match="the name without its ending, 'pier_20240310_013045', has no"
    ):
        Scene.open(tiff, time_pattern="UTC:quay_%Y%m%d")
    with pytest.raises(TimeError, match='Leave the ending out: "UTC:pier_%Y%m%d_%H%M%S"'):
        Scene.open(tiff, time_pattern="UTC:pier_%Y%m%d_%H%M%S.tif")


@pytest.mark.parametrize(
    ("domain", "tag", "text", "expected"),
    [
        ("IMAGERY", "ACQUISITIONDATETIME", "2024-03-10 01:30:45", MOMENT),
        ("IMAGERY", "ACQUISITIONDATETIME", "soon", None),
        (None, "TIFFTAG_DATETIME", "2024:03:10 01:30:45", None),
        (None, "TIFFTAG_DATETIME", "2024-03-10T01:30:45Z", MOMENT),
    ],
)
def test_tags(
    tiff: Path, domain: str | None, tag: str, text: str, expected: datetime | None
) -> None:
    with rasterio.open(tiff, "r+") as dataset:
        dataset.update_tags(ns=domain, **{tag: text})
    assert Scene.open(tiff).acquired == expected


@pytest.mark.parametrize("text", ["2024-03-10T01:30:45", "yesterday", "", "2024-03-10"])
def test_invalid_times(text: str) -> None:
    with pytest.raises(TimeError):
        acquisition_time.parse_time("meta.json", text)
