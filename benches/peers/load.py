"""Measures the share of the two cores that other programs used. Linux only, standard library only."""

import os
import pathlib
import time

TICKS = os.sysconf("SC_CLK_TCK")


def _busy(cores: list[int]) -> float:
    """Returns the seconds for which the cores were not idle since the machine started, with what a hypervisor took."""
    names = {f"cpu{core}" for core in cores}
    lines = (line.split() for line in pathlib.Path("/proc/stat").read_text().splitlines())
    return sum(sum(map(int, [*line[1:4], *line[6:9]])) for line in lines if line[0] in names) / TICKS


def _own(pids: list[int]) -> float:
    """Returns the processor seconds of this process, of its children that have ended, and of the processes `pids`."""
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # It has ended, and is counted among the children.
        total += (int(fields[11]) + int(fields[12])) / TICKS
    return total


class Watch:
    """Starts counting for this process, its children and the running processes `pids`."""

    def __init__(self, cores: list[int], pids: list[int]):
        self._cores, self._pids = cores, pids
        self._before = self._now()

    def others(self) -> float:
        """Returns the share of the cores' time that other programs used."""
        busy, own, elapsed = (after - before for after, before in zip(self._now(), self._before))
        return max(0.0, (busy - own) / (len(self._cores) * elapsed))

    def _now(self) -> tuple[float, float, float]:
        return _busy(self._cores), _own(self._pids), time.monotonic()
