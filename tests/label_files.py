"""Small datasets on disk, and exports as the labelling tools document them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import shapely
from PIL import Image

SIZE = (64, 48)
"""Width, height in pixels of the images made here."""
BOX = "0 0.25 0.25 0.75 0.25 0.75 0.5 0.25 0.5\n"
"""A container of 32 x 12 px."""
YAML = "path: .\ntrain: images/train\nval: images/val\nnames: [container, hull]\n"


def noise(path: Path, seed: int, size: tuple[int, int] = SIZE) -> Path:
    """A PNG of its own for each seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def yolo_folder(folder: Path) -> Path:
    """A sound dataset: images a and b in train, c in val, a container in each."""
    for seed, (split, name) in enumerate([("train", "a"), ("train", "b"), ("val", "c")]):
        noise(folder / "images" / split / f"{name}.png", seed)
        labels = folder / "labels" / split / f"{name}.txt"
        labels.parent.mkdir(parents=True, exist_ok=True)
        labels.write_text(BOX)
    (folder / "dataset.yaml").write_text(YAML)
    return folder


def upright(x: float, y: float, w: float, h: float) -> shapely.Polygon:
    """A box from its top left corner, its corners clockwise with y down, that corner first."""
    return shapely.Polygon([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])


def turned(box: shapely.Polygon, degrees: float, origin: object) -> np.ndarray:
    """Corners of `box` turned by shapely: from x towards y, which is clockwise with y down."""
    moved = shapely.affinity.rotate(box, degrees, origin=origin)
    return shapely.get_coordinates(moved)[:4]


def cvat_xml(image: str, size: tuple[int, int], shapes: list[str]) -> str:
    """CVAT for images 1.1."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
        "  <meta><task><labels>"
        "<label><name>hull</name></label><label><name>container</name></label>"
        "</labels></task></meta>\n"
        f'  <image id="0" name="{image}" width="{size[0]}" height="{size[1]}">\n    '
        + "\n    ".join(shapes)
        + "\n  </image>\n</annotations>\n"
    )


def cvat_box(x: float, y: float, w: float, h: float, degrees: float = 0.0) -> str:
    """A box as CVAT writes it: two decimals, upright, with the turn beside."""
    turn = f' rotation="{degrees:.2f}"' if degrees else ""
    return (
        f'<box label="container" source="manual" occluded="0" xtl="{x:.2f}" ytl="{y:.2f}" '
        f'xbr="{x + w:.2f}" ybr="{y + h:.2f}"{turn} z_order="0"></box>'
    )


def studio_json(image: str, size: tuple[int, int], results: list[dict]) -> str:
    """A Label Studio export of one task."""
    full = [
        {"id": str(i), "from_name": "label", "to_name": "image", "original_width": size[0],
         "original_height": size[1], "image_rotation": 0, **result}
        for i, result in enumerate(results)
    ]  # fmt: skip
    annotation = {"id": 1, "was_cancelled": False, "ground_truth": False, "result": full}
    return json.dumps([{"id": 1, "data": {"image": image}, "annotations": [annotation]}])


def studio_box(x: float, y: float, w: float, h: float, degrees: float) -> dict:
    """A rectangle in percent."""
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": degrees}
    return {"type": "rectanglelabels", "value": {**value, "rectanglelabels": ["container"]}}


def anylabeling_json(image: str, size: tuple[int, int], shapes: list[dict]) -> str:
    """An X-AnyLabeling file."""
    full = [
        {"label": "container", "score": None, "group_id": None, "description": "",
         "difficult": False, "flags": {}, "attributes": {}, **shape}
        for shape in shapes
    ]  # fmt: skip
    record = {"version": "2.5.4", "flags": {}, "shapes": full, "imagePath": image}
    sides = {"imageData": None, "imageHeight": size[1], "imageWidth": size[0]}
    return json.dumps({**record, **sides})
