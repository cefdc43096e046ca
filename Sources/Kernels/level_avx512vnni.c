// Kernels for x86-64 with avx512vnni.
#if defined(__x86_64__)
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include <time.h>
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,evex512"))), apply_to = function)
#define LANES 16
#define HAS_VNNI 1
#define MANY_REGISTERS 1
#define SUFFIX avx512vnni
#include "inc/level.inc"
#pragma clang attribute pop
#endif
