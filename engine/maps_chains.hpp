// Finds in a map the chains that have loops of their own.
#pragma once

#include <vector>

#include "maps_fuse.hpp"

namespace chainrule {

// The map with each chain that is found made one step, which has the value of the chain's first result, and after it
// a step for each other result. `single`: whether each source is a single number; all others have all elements.
FusedMap with_chains(FusedMap map, const std::vector<bool>& single);

}  // namespace chainrule
