"""The image that is counted: a scene, enhanced where that helps, with the fitness of its ground."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import shapely

from cv.counting.pier_zones import Zones
from cv.counting.uncertainty import CLEAR_RECALL
from cv.geometry.image_patch import PatchSource
from cv.geometry.oriented_boxes import transform_geometry
from cv.image_fitness.fitness_model import FitnessModel
from cv.image_fitness.ground_fitness import GroundFitness, judge_ground, judged_blocks
from cv.scene.enhancement import EnhancedImage, Enhancement
from cv.scene.scene import Scene

MIN_ENHANCED_RECALL = 0.5
"""Expected recall that an enhancement must reach: what it does not make readable stays as it is."""


@dataclass(frozen=True, eq=False)
class JudgedImage:
    """An image and the fitness of the piers and berths in it."""

    image: PatchSource
    """What the detector reads."""
    fitness: GroundFitness
    radiometry: str
    """How its values became colours, see `PierCount.radiometry`."""

    @classmethod
    def of(cls, scene: Scene, zones: Zones, judge: FitnessModel) -> JudgedImage:
        """Judge `scene`; where it is not clear, enhance it if the judge then expects more.

        Raises SceneError and InferenceError.
        """
        to_pixel = zones.ground.to_pixel
        footprint = transform_geometry(scene.grid.footprint, zones.ground.from_pixel)
        region = shapely.intersection(shapely.make_valid(zones.region), footprint)
        colours = replace(scene, udm2=None)  # whose mask is read at a coarser GSD
        fitness = judge_ground(judge, colours, scene, to_pixel, region, footprint)
        plain = cls(scene, fitness, scene.radiometry.summary)
        if fitness.mean_recall >= CLEAR_RECALL:
            return plain
        gsd_m = math.sqrt(math.prod(zones.ground.gsd_m))
        oversampling = max(1, round(gsd_m / judge.card.gsd_m))
        patches = (patch for patch, _ in judged_blocks(judge, scene, to_pixel, region, footprint))
        enhancement = Enhancement.measured(patches, oversampling)
        if enhancement is None:
            return plain
        image = EnhancedImage(scene, enhancement, gsd_m)
        better = replace(image, image=colours)
        enhanced = judge_ground(judge, better, scene, to_pixel, region, footprint)
        if enhanced.mean_recall < max(fitness.mean_recall, MIN_ENHANCED_RECALL):
            return plain
        return cls(image, enhanced, f"{plain.radiometry} {enhancement.summary}")
