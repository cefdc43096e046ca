// Kernels for x86-64 with avx512.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include <time.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,evex512"))), apply_to = function)
#define LANES 16
#define HAS_VNNI 0
#define MANY_REGISTERS 1
#define SUFFIX avx512
#include "inc/level.inc"
#pragma clang attribute pop
#endif
