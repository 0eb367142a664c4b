"""What the dashboard weighs, gzipped, with everything it loads."""

from tests.bench.desk import another, desk, packed_sizes, sizes_text
from tests.bench.figure import Effort, Figure, Figures
from tests.bench.peer import peer


def measure(_effort: Effort) -> Figures:
    """Two figures: two years of data, and twelve."""
    with peer("tests.bench.upstream_process") as upstream, desk(upstream.address, "strained-repaired") as two:
        twelve = another(two.app, upstream.address, "twelve-years")
        return [
            _figure("dashboard, two years of data, with all assets", packed_sizes(f"{two.page}?years=2", two.cookies), goal=20),
            _figure("dashboard, twelve years of data, with all assets", packed_sizes(f"{twelve.page}?years=all", twelve.cookies), goal=40),
        ]


def _figure(name: str, sizes: dict[str, int], *, goal: float) -> Figure:
    return Figure(name=name, value=sum(sizes.values()) / 1000, goal=goal, unit="kB", raw=sizes_text(sizes))
