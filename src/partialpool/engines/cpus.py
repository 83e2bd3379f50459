"""How many CPUs this process may use."""

import os


def usable_cpus() -> int:
    """Count the CPUs in this process's affinity mask (all of them where there is none)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
