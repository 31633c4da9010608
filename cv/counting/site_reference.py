"""Which scene becomes the reference of a site."""

from __future__ import annotations

from cv.counting.pier_count import CountStatus
from cv.counting.pier_zones import place_digest
from cv.counting.scene_counts import SceneCounts
from cv.registration.ground_reference import ReferenceWindow, SiteReference
from cv.registration.ground_window import GroundWindow
from cv.scene.scene import Scene
from cv.site import Site

MIN_COUNTED = 0.5
"""A scene is a reference if at least this share of the piers was wholly seen."""


def reference_from(scene: Scene, site: Site, counts: SceneCounts) -> SiteReference | None:
    """Return what later scenes of `site` are aligned with, or None if too little was seen.

    `counts` are those of `scene`; it has a window for each pier with the status `counted`.

    Raises:
        SceneError: Pixels cannot be read.
    """
    counted = {count.place for count in counts if count.status is CountStatus.COUNTED}
    piers = [pier for pier in site if place_digest(site, pier) in counted]
    if len(piers) < MIN_COUNTED * len(site):
        return None
    windows = [(place_digest(site, pier), GroundWindow.around(pier, site.crs)) for pier in piers]
    return SiteReference(
        scene.id,
        tuple(
            ReferenceWindow(place, window, window.read(scene, scene.grid))
            for place, window in windows
        ),
    )
