"""Every kind of simulated port.

`parameter_draws.usual_traffic` and `usual_observation` draw a port's parameters over wide ranges;
a kind changes what makes it one.
"""

from __future__ import annotations

from simulated_ports import observation_kinds, traffic_kinds
from simulated_ports.port_kind import PortKind

KINDS = (
    PortKind(
        name="rajin_like",
        meaning="a ship a week, a stockpile before it, one pier or two",
        draw=traffic_kinds.rajin_like,
    ),
    PortKind(
        name="no_stockpile",
        meaning="cargo comes when the ship is there",
        draw=traffic_kinds.no_stockpile,
        gathers=False,
    ),
    PortKind(
        name="frequent",
        meaning="a ship every two to three days, the stack is never empty",
        draw=traffic_kinds.frequent,
    ),
    PortKind(
        name="bulk",
        meaning="ships without containers, few boxes",
        draw=traffic_kinds.bulk,
        gathers=False,
    ),
    PortKind(
        name="standing_barge",
        meaning="a barge or a jetty always shows as a hull, ships beside it",
        draw=observation_kinds.standing_barge,
    ),
    PortKind(
        name="yard_lorries",
        meaning="lorries and trains alone, no ship",
        draw=traffic_kinds.yard_lorries,
        ships=False,
        gathers=False,
    ),
    PortKind(
        name="weak_detector",
        meaning="seven of ten ships are missed",
        draw=observation_kinds.weak_detector,
        finds_hulls=False,
    ),
    PortKind(
        name="slow_gathering",
        meaning="cargo gathers over about ten days",
        draw=traffic_kinds.slow_gathering,
    ),
    PortKind(name="no_halts", meaning="ships never stop coming", draw=traffic_kinds.no_halts),
    PortKind(
        name="regimes",
        meaning="traffic stops and resumes with another rhythm",
        draw=traffic_kinds.regimes,
    ),
    PortKind(
        name="weekly_liner", meaning="a ship a week, regularly", draw=traffic_kinds.weekly_liner
    ),
    PortKind(
        name="import_lorries",
        meaning="ships bring containers, lorries fetch them",
        draw=traffic_kinds.import_lorries,
        gathers=False,
    ),
    PortKind(
        name="transshipment",
        meaning="one ship unloads and loads",
        draw=traffic_kinds.transshipment,
        gathers=False,
    ),
    PortKind(
        name="false_hulls",
        meaning="many false hulls, some of them always at one place",
        draw=observation_kinds.false_hulls,
    ),
    PortKind(
        name="cloudy", meaning="20 to 30 % of the days are usable", draw=observation_kinds.cloudy
    ),
    PortKind(
        name="twice_daily",
        meaning="two images minutes apart, with one error",
        draw=observation_kinds.twice_daily,
    ),
    PortKind(
        name="long_stays",
        meaning="ships stay for five to ten days",
        draw=traffic_kinds.long_stays,
    ),
    PortKind(
        name="short_calls",
        meaning="ships stay for 0.2 to 0.5 days",
        draw=traffic_kinds.short_calls,
    ),
    PortKind(
        name="false_containers",
        meaning="a few false containers are always there, the pier is empty",
        draw=observation_kinds.false_containers,
        gathers=False,
    ),
    PortKind(name="two_ships", meaning="two berths, stays overlap", draw=traffic_kinds.two_ships),
)
"""Every kind, in the order of the tables."""
KIND_BY_NAME = {kind.name: kind for kind in KINDS}
