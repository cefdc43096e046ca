// Kernels for x86-64 with avx2.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include <time.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define LANES 8
#define HAS_VNNI 0
#define MANY_REGISTERS 0
#define SUFFIX avx2
#include "inc/level.inc"
#pragma clang attribute pop
#endif
