// Matrix product by OpenBLAS, held to one thread: parallelism is ours.
#include "kernels.h"

#include <cblas.h>
#include <pthread.h>

static void single_thread(void) { openblas_set_num_threads(1); }

void rima_sgemm(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, single_thread);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c, ldc);
}
