#include "threads.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#ifdef __linux__
#include <sched.h>

#include <cerrno>
#endif

namespace chainrule {
namespace {

namespace fs = std::filesystem;

// A limit of `quota` microseconds in each `period`, as a number of processors; -1 or "max" stand for no limit.
std::optional<double> processors(const std::string& quota, double period) {
  if (quota == "max" || period <= 0) return std::nullopt;
  try {
    const double microseconds = std::stod(quota);
    if (microseconds > 0) return microseconds / period;
  } catch (const std::exception&) {  // not a number: not a limit that we know
  }
  return std::nullopt;
}

std::optional<double> quota_v2(const fs::path& group) {
  std::string quota;
  double period = 0;
  std::ifstream(group / "cpu.max") >> quota >> period;
  return processors(quota, period);
}

std::optional<double> quota_v1(const fs::path& group) {
  std::string quota;
  double period = 0;
  std::ifstream(group / "cpu.cfs_quota_us") >> quota;
  std::ifstream(group / "cpu.cfs_period_us") >> period;
  return processors(quota, period);
}

std::optional<double> tighter(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// The tightest limit of `group` below `mount` and of all its ancestors. Inside a container the group's path may be
// the host's, which is not there: then what is left is the mount itself, which is the container's own group.
template <typename Read>
std::optional<double> tightest(const fs::path& mount, fs::path group, Read read) {
  std::optional<double> result = read(mount);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path()) {
    result = tighter(result, read(mount / group));
  }
  return result;
}

bool names_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::size_t comma = controllers.find(',');
    if (controllers.substr(0, comma) == "cpu") return true;
    if (comma == std::string_view::npos) break;
    controllers.remove_prefix(comma + 1);
  }
  return false;
}

// Processors in the affinity mask; elsewhere than on Linux, all of them.
int allowed_processors() {
#ifdef __linux__
  // The mask must be at least as long as the kernel's, which can be longer than cpu_set_t.
  for (std::size_t size = CPU_SETSIZE; size <= std::size_t{CPU_SETSIZE} << 10; size *= 2) {
    cpu_set_t* mask = CPU_ALLOC(size);
    if (mask == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(size);
    const int failed = sched_getaffinity(0, bytes, mask) == 0 ? 0 : errno;
    const int count = failed != 0 ? 0 : CPU_COUNT_S(bytes, mask);
    CPU_FREE(mask);
    if (count > 0) return count;
    if (failed != EINVAL) break;
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  std::optional<double> result;
  const fs::path mounts = root / "sys/fs/cgroup";
  std::ifstream groups(root / "proc/self/cgroup");
  // A line is hierarchy:controllers:path; version 2 has the one line 0::path.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      result = tighter(result, tightest(mounts, group, quota_v2));
    } else if (names_cpu(controllers)) {
      result = tighter(result, tightest(mounts / controllers, group, quota_v1));
      result = tighter(result, tightest(mounts / "cpu", group, quota_v1));
    }
  }
  return result;
}

int available_threads() {
  const int processors = std::max(1, allowed_processors());
  const std::optional<double> quota = cpu_quota();
  if (!quota || *quota >= processors) return processors;
  return std::max(1, static_cast<int>(std::ceil(*quota)));
}

}  // namespace chainrule
