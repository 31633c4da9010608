"""A plan on paper: what counting many piers every night would need, from a month that was measured.

    python tools/capacity_plan.py
    python tools/capacity_plan.py --piers 20000 --scene-mb 300 --piers-a-scene 20

Everything but the options comes from tools/soak_test.csv, which `soak_test.py --keep` writes.
Prices are options too; the given ones are round figures of public clouds, not offers. Prints a
Markdown table.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

from soak_figures import Month

MB_A_GBIT = 125.0


@dataclass(frozen=True)
class Wish:
    """What is planned for."""

    piers: int
    piers_a_scene: float
    scene_mb: float
    hours: float
    """In which a night has to be done."""
    days_kept: int
    """So long the images are kept."""
    core_hour: float
    """Price."""
    gb_month: float
    """Price of storage."""


def lines(wish: Wish, month: Month) -> list[tuple[str, str, str]]:
    """What is needed, how much, and of what it is made."""
    scenes = wish.piers / wish.piers_a_scene
    piers_an_hour = month.scenes_an_hour * month.piers
    core_hours = wish.piers / piers_an_hour
    cores = math.ceil(core_hours / wish.hours)
    read_gb = scenes * wish.scene_mb / 1e3
    kb_a_pier = month.ledger_kb / month.piers
    record_h = scenes * month.record_ms / 3.6e6
    kept_tb = read_gb * wish.days_kept / 1e3
    year_gb = 365 * wish.piers * kb_a_pier / 1e6
    a_night = core_hours * wish.core_hour
    stored = (read_gb * wish.days_kept + year_gb) * wish.gb_month
    return [
        ("scenes a night", f"{scenes:,.0f}", f"{wish.piers_a_scene:g} piers a scene"),
        (
            "core hours a night",
            f"{core_hours:,.0f}",
            f"{piers_an_hour:,.0f} piers an hour and core",
        ),
        (f"cores, to be done in {wish.hours:g} h", f"{cores:,}", ""),
        (
            "memory of the workers",
            f"{cores * month.worker_late_mb / 1e3:,.1f} GB",
            f"{month.worker_late_mb:.0f} MB each",
        ),
        ("images a night", f"{read_gb:,.0f} GB", f"{wish.scene_mb:g} MB a scene, read whole"),
        (
            "network of the workers",
            f"{read_gb * 1e3 / MB_A_GBIT / 3600 / wish.hours:,.2f} Gbit/s",
            "all night, where images are not on their disks",
        ),
        (f"images of {wish.days_kept} days", f"{kept_tb:,.1f} TB", ""),
        ("ledger, rows a night", f"{wish.piers:,}", "a row a pier"),
        ("ledger, a year", f"{year_gb:,.0f} GB", f"{kb_a_pier:.1f} kB a pier and night"),
        (
            "writing the ledger, a night",
            f"{record_h:.2f} h of one coordinator",
            f"{month.record_ms:.1f} ms a scene",
        ),
        ("coordinators", f"{max(1, -(-record_h // wish.hours)):.0f}", "on one PostgreSQL ledger"),
        (
            "counting, a scene",
            f"{100 * a_night / scenes:.4f} cents",
            f"{wish.core_hour:g} a core hour",
        ),
        ("counting, a month", f"{30 * a_night:,.0f}", "in the same currency"),
        (
            "storage, a month",
            f"{stored:,.0f}",
            f"{wish.gb_month:g} a GB and month, ledger of a year",
        ),
    ]


def main() -> None:
    """Prints the plan."""
    month = Month.read()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--piers", type=int, default=100_000)
    parser.add_argument("--piers-a-scene", type=float, default=float(month.piers))
    parser.add_argument("--scene-mb", type=float, default=77.0, help="of one image file")
    parser.add_argument("--hours", type=float, default=6.0, help="in which a night is done")
    parser.add_argument("--days-kept", type=int, default=90, help="of images")
    parser.add_argument("--core-hour", type=float, default=0.05, help="price")
    parser.add_argument("--gb-month", type=float, default=0.02, help="price")
    args = parser.parse_args()
    print("| what | how much | of what |\n|---|---|---|")
    for row in lines(Wish(**vars(args)), month):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
