// The inner loops of products.hpp, for one instruction set.
#pragma once

#include "products.hpp"

namespace chainrule {

struct ProductKernels {
  void (*multiply)(const Product& product, void* workspace);
};

}  // namespace chainrule
