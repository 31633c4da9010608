"""Malicious files and names given to the commands: none may run code, read files or connect.

Each case is one file or name. After the command, no code of the file may have run (it would create
the file `executed`), the secret file outside the folder may not have been opened, and no connection
may have been made. An audit hook and a server on the loopback address record violations;
`test_violations_are_detected` shows that they would.
"""

from __future__ import annotations

import json
import pickle
import socket
import sys
import tarfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import onnx
import pytest
import rasterio
from onnx import TensorProto, numpy_helper

from cv.cli import main
from tests.fixtures.fake_detectors import constant_model
from tests.fixtures.malicious_pickle import Harm

ROWS = np.array([[[320, 320, 40, 8, 0.9, 0, 0.0]]])
VIOLATIONS: list[str] = []
"""What the audit hook recorded while it was active."""
AUDITING = threading.Event()
SECRET = "secret-of-somebody.tif"


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not AUDITING.is_set():
        return
    if event in (
        "socket.connect",
        "socket.getaddrinfo",
        "os.system",
        "subprocess.Popen",
        "os.exec",
    ):
        VIOLATIONS.append(f"{event} {arguments}")
    if event == "open" and SECRET in str(arguments[0]):
        VIOLATIONS.append(f"{event} {arguments}")


sys.addaudithook(_hook)


class Sandbox:
    """A folder for the case, a secret file beside it, and the address of a server."""

    def __init__(self, root: Path, url: str) -> None:
        self.folder = root / "given"
        self.folder.mkdir()
        self.secret = root / SECRET
        self.url = url
        self.marker = root / "executed"
        profile = {"driver": "GTiff", "width": 64, "height": 64, "count": 3, "dtype": "uint8"}
        place = {"crs": "EPSG:32652", "transform": rasterio.Affine(0.3, 0, 5e5, 0, -0.3, 4.68e6)}
        with rasterio.open(self.secret, "w", **profile, **place) as dataset:
            dataset.write(np.full((3, 64, 64), 99, np.uint8))

    def fill(self, text: str) -> str:
        """Replace {secret}, {url}, {host}, {marker} and {folder} in `text`."""
        values = {
            "secret": self.secret,
            "url": self.url,
            "host": self.url.removeprefix("http://"),
            "marker": self.marker,
            "folder": self.folder,
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file into the folder; text is filled in."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else self.fill(content).encode())
        return path


Case = Callable[[Sandbox], list[str]]
"""Writes files into a sandbox and returns the command to run."""


def count(what: object, *more: str) -> list[str]:
    return ["count", str(what), "--gsd", "0.3", *more]


def scene(name: str, text: str) -> Case:
    """A scene file with `text`."""
    return lambda sandbox: count(sandbox.put(name, text))


def address(text: str, *allowed: str) -> Case:
    """A name that GDAL or a browser would interpret; and the allowed hosts."""

    def case(sandbox: Sandbox) -> list[str]:
        options = [word for entry in allowed for word in ("--allow", entry)]
        options += ["--into", "{folder}"] if allowed else []
        return count(*map(sandbox.fill, [text, *options]))

    return case


def item(href: str, **more: object) -> Case:
    """A STAC Item whose image lies at `href`."""

    def case(sandbox: Sandbox) -> list[str]:
        if href == "link.tif":
            (sandbox.folder / "link.tif").symlink_to(sandbox.secret)
        document = {
            "type": "Feature", "stac_version": "1.0.0", "id": "a", "geometry": None,
            "properties": {"datetime": "2024-03-01T00:00:00Z"}, "stac_extensions": [],
            "links": [{"rel": "self", "href": f"{sandbox.url}/item.json"},
                      {"rel": "root", "href": f"{sandbox.url}/catalog.json"}],
            "assets": {"visual": {"href": href, "roles": ["visual"]}}, **more,
        }  # fmt: skip
        return count(sandbox.put("item.json", json.dumps(document)))

    return case


def beside(name: str, text: str) -> Case:
    """A valid scene with a file beside it that GDAL would read."""

    def case(sandbox: Sandbox) -> list[str]:
        good = sandbox.folder / "good.tif"
        good.write_bytes(sandbox.secret.read_bytes())
        sandbox.put(name, text)
        return ["count", str(good)]

    return case


def model(write: Callable[[Sandbox], Path]) -> Case:
    def case(sandbox: Sandbox) -> list[str]:
        return ["doctor", "--model", str(write(sandbox))]

    return case


def pickled(name: str, protocol: int) -> Case:
    return model(lambda sandbox: sandbox.put(name, pickle.dumps(Harm(sandbox.marker), protocol)))


def torch_archive(sandbox: Sandbox) -> Path:
    path = sandbox.folder / "best.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Harm(sandbox.marker)))
    return path


def external(location: str) -> Case:
    """An ONNX model with weights in another file."""

    def write(sandbox: Sandbox) -> Path:
        path = constant_model(sandbox.folder / "m.onnx", ROWS)
        (sandbox.folder / "beside.bin").write_bytes(bytes(64))
        if location == "link.bin":
            (sandbox.folder / location).symlink_to(sandbox.secret)
        graph = onnx.load(str(path))
        values = numpy_helper.from_array(np.zeros(4, np.float32), "w")
        moved = TensorProto(name="w", data_type=values.data_type, dims=values.dims)
        moved.data_location = TensorProto.EXTERNAL
        entry = moved.external_data.add()
        entry.key = "location"
        entry.value = sandbox.fill(location)
        graph.graph.initializer.append(moved)
        path.write_bytes(graph.SerializeToString())
        return path

    return model(write)


def site(**collection: object) -> Case:
    """A site with additional members in its collection."""

    def case(sandbox: Sandbox) -> list[str]:
        ring = [[0, 0], [9, 0], [9, -9], [0, -9], [0, 0]]
        feature = {"type": "Feature", "properties": {"name": "A", "role": "export"},
                   "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
        document = {"type": "FeatureCollection", "features": [feature], **collection}
        path = sandbox.put("site.geojson", json.dumps(document))
        return ["count", str(sandbox.secret), "--site", str(path)]

    return case


def crs(text: str) -> Case:
    return site(crs={"type": "name", "properties": {"name": text}})


def dataset(name: str, text: str | bytes) -> Case:
    """A dataset of one file."""

    def case(sandbox: Sandbox) -> list[str]:
        path = sandbox.put(name, text)
        return ["datasets", "check", str(path.parent if name.endswith(".yaml") else path)]

    return case


def archive(member: str, kind: str = "zip", link: str = "") -> Case:
    """An archive with a member whose name or target is outside of it."""

    def case(sandbox: Sandbox) -> list[str]:
        path = sandbox.folder / f"set.{kind}"
        named = member.replace("{marker}", str(sandbox.marker))
        if kind == "zip":
            with zipfile.ZipFile(path, "w") as packed:
                entry = zipfile.ZipInfo(named)
                if link:
                    entry.external_attr = 0o120777 << 16
                packed.writestr(entry, link.replace("{secret}", str(sandbox.secret)) or "x")
        else:
            with tarfile.open(path, "w:gz") as packed:
                info = tarfile.TarInfo(named)
                if link:
                    info.type = tarfile.SYMTYPE
                    info.linkname = link.replace("{secret}", str(sandbox.secret))
                packed.addfile(info)
        return ["datasets", "check", str(path)]

    return case


def ledger(make: Callable[[Sandbox], str]) -> Case:
    return lambda sandbox: ["series", "--ledger", make(sandbox), "--pier", "A"]


VRT = (
    '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="Byte" band="1">'
    "<SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource>"
    "</VRTRasterBand></VRTDataset>"
)
PYTHON_VRT = (
    '<VRTDataset rasterXSize="64" rasterYSize="64">'
    '<VRTRasterBand dataType="Byte" band="1" subClass="VRTDerivedRasterBand">'
    "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
    "<PixelFunctionCode><![CDATA[open('{marker}','w')]]></PixelFunctionCode>"
    "</VRTRasterBand></VRTDataset>"
)
WMS = (
    '<GDAL_WMS><Service name="TMS"><ServerUrl>{url}/${z}/${x}/${y}</ServerUrl></Service></GDAL_WMS>'
)
COCO = (
    '{"images": [{"id": 1, "file_name": "%s", "width": 9, "height": 9}], '
    '"annotations": [], "categories": []}'
)
STUDIO = '[{"id": 1, "data": {"image": "%s"}, "annotations": [{"result": []}]}]'
YAML = "path: .\ntrain: %s\nval: %s\nnames: {0: container}\n"

CASES: dict[str, Case] = {
    **{
        f"a VRT to {source}": scene("a.tif", VRT.replace("{source}", source))
        for source in (
            "{secret}",
            "../secret-of-somebody.tif",
            "/vsicurl/{url}/a.tif",
            "{url}/a.tif",
            "/vsizip/{secret}",
            "GTIFF_DIR:1:{secret}",
            "/vsistdin/",
        )
    },
    "a VRT with Python in it": scene("a.tif", PYTHON_VRT),
    "a VRT after a mark and blanks": scene(
        "a.tif", "\ufeff \n" + VRT.replace("{source}", "{secret}")
    ),
    "a VRT under an upper-case name": scene("A.TIFF", VRT.replace("{source}", "{url}/a.tif")),
    "a VRT as .png": scene("a.png", VRT.replace("{source}", "{secret}")),
    "a map service": scene("a.tif", WMS),
    "a map service as .jpg": scene("a.jpg", WMS),
    "a coverage service": scene("a.tif", "<WCS_GDAL><ServiceURL>{url}</ServiceURL></WCS_GDAL>"),
    "a tile service": scene("a.tif", "<TileMap tilemapservice='{url}'/>"),
    "a redirecting page": scene("a.tif", "<html><meta http-equiv=refresh content='0;url={url}'>"),
    "a KML": scene("a.tif", "<kml><NetworkLink><href>{url}</href></NetworkLink></kml>"),
    "an MRF": scene(
        "a.tif", "<MRF_META><CachedSource><Source>{url}</Source></CachedSource></MRF_META>"
    ),
    "a STACTA document": scene("a.tif", '{"asset_templates": {"a": {"href": "{url}"}}}'),
    "an EDR document": scene(
        "a.json", '{"type": "FeatureCollection", "links": [{"href": "{url}"}]}'
    ),
    "an XML with an entity": scene(
        "a.tif", '<!DOCTYPE a [<!ENTITY b SYSTEM "{secret}">]><a>&b;</a>'
    ),
    **{
        f"the name {text}": address(text)
        for text in (
            "{url}/a.tif",
            "HTTP://{host}/a.tif",
            "hTTps://{host}/a.tif",
            "ftp://{host}/a.tif",
            "/vsicurl/{url}/a.tif",
            "/vsicurl?url={url}/a.tif",
            "/vsis3/bucket/a.tif",
            "s3://bucket/a.tif",
            "S3://bucket/a.tif",
            "gs://bucket/a.tif",
            "file://{host}/a.tif",
            "//{host}/share/a.tif",
            "/vsizip//vsicurl/{url}/a.zip/a.tif",
            "GTIFF_DIR:1:{secret}x",
            "http://169.254.169.254/latest/a.tif",
            "http://[::1]/a.tif",
            "vrt://{secret}",
            "VRT://{url}/a.tif",
            "zip+http://{host}/a.zip!a.tif",
            "WMS:{url}?",
            "<VRTDataset/>",
        )
    },
    **{
        f"the name {text} where {allowed} is allowed": address(text, allowed)
        for text, allowed in (
            ("https://{host}/a.tif", "a.example"),
            ("HTTPS://{host}/a.tif", "a.example"),
            ("https://a.example@{host}/a.tif", "a.example"),
            ("https://{host}/a.tif?@a.example", "a.example"),
            ("https://{host}#@a.example/a.tif", "a.example"),
            ("https://{host}\\@a.example/a.tif", "a.example"),
            ("https://b.a.example/a.tif", "a.example"),
            ("https://a.example:8443/a.tif", "a.example"),
            ("https://a.example/../a.tif", "a.example"),
            ("https://a.example/%2e%2e/a.tif", "a.example"),
            ("https://a.example/b/..%2f..%2fa.tif", "a.example"),
            ("https://a.example/a.tif\r\nHost: b", "a.example"),
            ("https://127.0.0.1/a.tif", "127.0.0.0/9"),
            ("s3://other/a.tif", "s3://bucket"),
            ("S3://bucket/../other/a.tif", "s3://bucket"),
            ("file://{host}/a.tif", "{host}"),
            ("http://a.example/a.tif", "a.example"),
            ("ftp://a.example/a.tif", "a.example"),
        )
    },
    **{
        f"an Item whose image is {href}": item(href)
        for href in (
            "{url}/a.tif",
            "HTTP://127.0.0.1/a.tif",
            "s3://bucket/a.tif",
            "S3://bucket/a.tif",
            "//127.0.0.1/a.tif",
            "file://127.0.0.1/{secret}",
            "{secret}",
            "file://{secret}",
            "../secret-of-somebody.tif",
            "./x/../../secret-of-somebody.tif",
            "%2e%2e/secret-of-somebody.tif",
            "link.tif",
            "/vsicurl/{url}/a.tif",
            "FILE://{secret}",
        )
    },
    "an Item with a remote extension": item(
        "a.tif", stac_extensions=["http://127.0.0.1:9/schema.json"]
    ),
    **{
        f"beside a scene: {name}": beside(name, text)
        for name, text in (
            (
                "good.tif.aux.xml",
                "<PAMDataset><Metadata domain='xml:VRT'>{url}</Metadata></PAMDataset>",
            ),
            ("good.tif.ovr", VRT.replace("{source}", "{url}/a.tif")),
            ("good.tif.msk", VRT.replace("{source}", "{secret}")),
            ("good_metadata.json", '{"properties": {"acquired": "{url}"}}'),
            ("good_udm2.tif", VRT.replace("{source}", "{url}/a.tif")),
        )
    },
    **{f"a pickle named {name}": pickled(name, 2) for name in ("a.onnx", "a.pt", "a.pkl", "a.npy")},
    "a pickle of protocol 0": pickled("a.onnx", 0),
    "a checkpoint of PyTorch": model(torch_archive),
    **{
        f"weights at {place}": external(place)
        for place in (
            "beside.bin",
            "../secret-of-somebody.tif",
            "{secret}",
            "link.bin",
            "{url}/w",
            "/dev/zero",
        )
    },
    "a site with a linked CRS": site(crs={"type": "link", "properties": {"href": "{url}/crs"}}),
    **{
        f"a site in {text}": crs(text)
        for text in ("{url}/crs", "+init={secret}:1", "+proj=utm +zone=52 +nadgrids={url}/a.gsb")
    },
    "a dataset with a script to download": dataset(
        "dataset.yaml", YAML % ("a", "a") + "download: {url}/a.zip\n"
    ),
    "a dataset that is Python": dataset(
        "dataset.yaml", "!!python/object/apply:os.system ['touch {marker}']"
    ),
    "a dataset of a server": dataset("dataset.yaml", YAML % ("{url}/a", "{url}/a")),
    "a dataset that is elsewhere": dataset("dataset.yaml", YAML % ("../", "../")),
    "COCO with an image of a server": dataset("coco.json", COCO % "{url}/a.png"),
    "COCO with an image elsewhere": dataset("coco.json", COCO % "../secret-of-somebody.tif"),
    "Label Studio with an image of a server": dataset("studio.json", STUDIO % "{url}/a.png"),
    "CVAT with an entity": dataset(
        "cvat.xml", '<!DOCTYPE a [<!ENTITY b SYSTEM "{secret}">]><annotations>&b;</annotations>'
    ),
    "a dataset that is a pickle": lambda sandbox: [
        "datasets",
        "check",
        str(sandbox.put("set.json", pickle.dumps(Harm(sandbox.marker)))),
    ],
    "an archive that leads out": archive("../../executed"),
    "an archive from the root": archive("{marker}"),
    "an archive with a link": archive("a.txt", link="{secret}"),
    "a tar that leads out": archive("../../executed", "tar.gz"),
    "a tar with a link": archive("a.txt", "tar.gz", link="{secret}"),
    "a ledger that is a pickle": ledger(
        lambda sandbox: str(sandbox.put("a.db", pickle.dumps(Harm(sandbox.marker))))
    ),
    "a ledger by address": ledger(lambda sandbox: f"file:{sandbox.secret}?mode=rw"),
    "a ledger of a server": ledger(lambda sandbox: f"{sandbox.url}/a.db"),
}

LABELS_ALONE = ("COCO with an image of a server", "Label Studio with an image of a server")
"""Only their labels are read and checked; their images are reported as missing."""


@pytest.fixture(scope="module")
def server():
    """The address of a server on the loopback, and the paths requested from it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815 - the name is that of the library

        def log_message(self, *_: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}", asked
    running.shutdown()


def test_there_are_eighty_cases():
    assert len(CASES) >= 80


@pytest.mark.parametrize("name", CASES)
def test_no_code_runs_and_nothing_else_is_read_or_contacted(name, server, tmp_path, capsys):
    url, asked = server
    sandbox = Sandbox(tmp_path, url)
    secret = sandbox.secret.read_bytes()
    command = CASES[name](sandbox)
    own = name.startswith("a site")  # there the secret is the scene
    VIOLATIONS.clear()
    asked.clear()
    AUDITING.set()
    code: str | int | None
    try:
        code = main(command)
    except SystemExit as end:
        code = end.code
    finally:
        AUDITING.clear()
    output = capsys.readouterr()
    violations = [one for one in VIOLATIONS if not (own and one.startswith("open"))]
    assert violations == []
    assert asked == []
    assert not sandbox.marker.exists()
    assert sandbox.secret.read_bytes() == secret
    assert "Traceback" not in output.err
    if name not in LABELS_ALONE and not name.startswith("beside"):
        assert code in (1, 2), output.out
        assert (output.err + output.out).strip()


def test_violations_are_detected(server, tmp_path):
    url, asked = server
    VIOLATIONS.clear()
    AUDITING.set()
    try:
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{url}/a", timeout=5)
        (tmp_path / SECRET).write_text("x")
        pickle.loads(pickle.dumps(Harm(tmp_path / "executed")))
    finally:
        AUDITING.clear()
    assert asked == ["/a"]
    assert (tmp_path / "executed").exists()
    assert any(one.startswith("socket.connect") for one in VIOLATIONS)
    assert any(SECRET in one for one in VIOLATIONS)


def test_a_usual_run_makes_no_connection(tmp_path, monkeypatch):
    """Rendering chips and counting a scene use only files."""

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    sandbox = Sandbox(tmp_path, "")
    VIOLATIONS.clear()
    AUDITING.set()
    try:
        command = ["datasets", "render", str(tmp_path / "chips"), "--first", "2", "--last", "3"]
        assert main(command) == 0
        assert main(["count", str(sandbox.secret)]) == 0
    finally:
        AUDITING.clear()
    assert [one for one in VIOLATIONS if not one.startswith("open")] == []
