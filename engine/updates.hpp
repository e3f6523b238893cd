// Updates that follow a gradient at once: a map of the epilogue that alone reads what a product adds up, such as
// W - rate * dW, is computed for some of dW while that is in the cache.
#pragma once

#include "plan.hpp"

namespace chainrule {

// Note for each product of the last block which map of the epilogue may run in pieces as the product is made, and for each sum
// of lanes which may as the lanes are added up.
void find_updates(const Program& program, EntryPlan& plan);

}  // namespace chainrule
