// How many threads this process can really keep busy.
#pragma once

#include <filesystem>
#include <optional>

namespace chainrule {

// Processors' worth of time that the process's control groups (version 1 or 2) allow, e.g. 1.5; the tightest
// of the group and its ancestors. Nothing where there is no limit, and on systems without control groups.
// `root` is the root of the file system, so that a test can show another machine.
std::optional<double> cpu_quota(const std::filesystem::path& root = "/");

// Processors the process may run on, limited by its quota (rounded up); at least 1.
int available_threads();

}  // namespace chainrule
