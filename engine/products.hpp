// Matrix products in float32: C = A @ B or C += A @ B.
//
// The order of every sum is fixed, so that its bits depend neither on the processor, nor on tiles, nor on how many
// threads share the work:
//
//   tile form   one chain of fused multiply-adds in increasing k, which starts from 0, or from C when it accumulates
//   dot form    with fewer than 8 columns where A's rows are contiguous: 64 chains, k goes to chain k % 64; chains
//               j, j + 16, j + 32, j + 48 are added in pairs, then the 16 sums in a tree, then C when it accumulates
//   places      one sum in increasing k, over those whose 1 is there
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels.hpp"
#include "memory.hpp"

namespace chainrule {

// Of `place`, the matrix is a transposed one whose rows have a single 1 each: its data are the places of these, as int32, and
// -1 for a row without. Only products have such an A.
enum class DType : std::uint8_t { f32, f64, f16, u8, place };

std::size_t item_size(DType type);

class Tape;

// Strides in elements, so that a transposed matrix is one with its strides exchanged. A matrix of one row still has
// the row stride of the matrix that it is a part of.
struct Matrix {
  const void* data;
  DType type;
  std::ptrdiff_t row_stride, column_stride;
  // Rows of float32 may lie anywhere, as they were drawn from many: then row i begins at rows[i] + offset, and its elements
  // follow each other; of the transposed matrix, column i. The strides are those of a copy. At next[i] there is what will
  // be read in the next product of this kind. Of places, the offset is the first row.
  const float* const* rows = nullptr;
  const float* const* next = nullptr;
  std::ptrdiff_t offset = 0;
};

// C is row-major; it overlaps neither A nor B.
struct Product {
  std::int64_t rows, columns, depth;
  Matrix a, b;
  float* c;
  std::ptrdiff_t c_stride;
  bool accumulate;
  // As many k again lie behind these in A, and are what will be read next: they may be fetched meanwhile. (The next
  // block of rows of X, while X.T @ dZ of this one is computed.)
  bool continues = false;
};

// An inner loop; the workspace is that of the thread.
using ProductLoop = void (*)(const Product& product, float* workspace);

// Memory in which one thread packs operands. It may be used for any number of products, one after the other.
using Workspace = Room;

// What the workspace of a thread that works on this product, or on a part of it, must have reserved.
std::size_t workspace_bytes(const Product& product);

// Whether A may be rows that lie anywhere.
bool takes_rows_anywhere(const Kernels& kernels, const Product& product);

// The product's rows from `row` on.
Product rows_of(const Product& product, std::int64_t row, std::int64_t rows);

// All of it on one thread. The call goes onto the tape where there is one.
void multiply(const Kernels& kernels, const Product& product, Workspace& workspace, Tape* tape = nullptr);

// Into how many parts, at most, threads may usefully share it; 1 where it is small.
std::int64_t parts(const Product& product);

// Part `part` of `of`, 0 <= part < of; `of` may be any number. The parts write to different elements of C.
void multiply_part(const Kernels& kernels, const Product& product, std::int64_t part, std::int64_t of,
                   Workspace& workspace);

}  // namespace chainrule
