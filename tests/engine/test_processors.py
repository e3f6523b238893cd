"""The processors that the engine counts, on this machine and on made-up ones."""

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chainrule._engine import available_threads, cpu_quota

Machine = Callable[[str, dict[str, str]], Path]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Write the root of a file system: what /proc/self/cgroup says, and files below /sys/fs/cgroup."""

    def write(groups: str, files: dict[str, str]) -> Path:
        everything = {"proc/self/cgroup": groups} | {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
        for name, text in everything.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")
        return tmp_path

    return write


def test_threads_are_the_allowed_processors_within_the_quota() -> None:
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota()
    assert available_threads() == max(1, min(processors, math.ceil(quota) if quota else processors))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity masks")
def test_a_process_tied_to_one_processor_has_one_thread() -> None:
    code = (
        "import os, chainrule._engine as engine\n"
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "print(engine.available_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_a_machine_without_control_groups_has_no_quota(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


def test_version_2_takes_the_tightest_group_on_the_way_up(machine: Machine) -> None:
    limits = {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "150000 100000\n", "cpu.max": "max 100000\n"}
    assert cpu_quota(machine("0::/a/b\n", limits)) == 1.5


def test_a_container_that_sees_its_hosts_path_reads_its_own_root(machine: Machine) -> None:
    root = machine("0::/system.slice/docker-1f.scope\n", {"cpu.max": "50000 100000\n"})
    assert cpu_quota(root) == 0.5


@pytest.mark.parametrize("mount", ["cpu", "cpu,cpuacct"])
def test_version_1_divides_quota_by_period(machine: Machine, mount: str) -> None:
    limits = {f"{mount}/job/cpu.cfs_quota_us": "300000\n", f"{mount}/job/cpu.cfs_period_us": "100000\n"}
    assert cpu_quota(machine(f"12:cpuset:/x\n4:{mount}:/job\n0::/\n", limits)) == 3.0


@pytest.mark.parametrize("quota", ["max", "-1", "0", "", "none"])
def test_no_limit_is_no_quota(machine: Machine, quota: str) -> None:
    limits = {
        "cpu.max": f"{quota} 100000\n",
        "cpu/cpu.cfs_quota_us": f"{quota}\n",
        "cpu/cpu.cfs_period_us": "100000\n",
    }
    assert cpu_quota(machine("1:cpu:/\n0::/\n", limits)) is None


@pytest.mark.parametrize("groups", ["", "nonsense\n", "0:\n", "::\n", "0::\n"])
def test_a_strange_list_of_groups_is_no_quota(machine: Machine, groups: str) -> None:
    assert cpu_quota(machine(groups, {})) is None
