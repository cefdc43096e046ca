// Kernels that every machine runs: SSE2 on x86-64, NEON on aarch64.
#define LANES 4
#define HAS_VNNI 0
#if defined(__aarch64__)
#define MANY_REGISTERS 1
#else
#define MANY_REGISTERS 0
#endif
#define SUFFIX portable
#include "inc/level.inc"
