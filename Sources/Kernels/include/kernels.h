// Number crunching for Segment. Plain C; every function is safe to call from several threads at once.
#pragma once

/// c (m,n) = a (m,k) times b (k,n), row-major, on the calling thread only.
void rima_sgemm(int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c, int ldc);
