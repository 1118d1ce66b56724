// What a fuzz target promises of every input.
#ifndef WEIR_TEST_FUZZ_REQUIRE_H
#define WEIR_TEST_FUZZ_REQUIRE_H

#include <cstdio>
#include <cstdlib>

/// Stops the fuzzer, which keeps the input, where the promise is broken.
inline void require(bool holds, const char *promise) {
  if (holds)
    return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

#endif // WEIR_TEST_FUZZ_REQUIRE_H
