// Counts calls of malloc and its kin by the name of the thread that calls; loaded into a program with LD_PRELOAD.
// At the end, and never before, one line per thread name goes to the file named in COUNT_ALLOCATIONS.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

enum { most_names = 64 };
static struct {
    char name[16];
    atomic_long calls, bytes;
} table[most_names];
static atomic_int used;
static atomic_flag adding = ATOMIC_FLAG_INIT;
static __thread int slot __attribute__((tls_model("initial-exec"))) = -1;
static __thread int since __attribute__((tls_model("initial-exec")));

static void count(size_t bytes) {
    // A thread is named after its start: look again once in a while.
    if (slot < 0 || (since++ & 63) == 0) {
        char name[16] = {0};
        prctl(PR_GET_NAME, name);
        int found = -1, have = atomic_load(&used);
        for (int i = 0; i < have; i++)
            if (!strcmp(table[i].name, name)) found = i;
        if (found < 0) {
            while (atomic_flag_test_and_set(&adding)) {}
            have = atomic_load(&used);
            for (int i = 0; i < have; i++)
                if (!strcmp(table[i].name, name)) found = i;
            if (found < 0 && have < most_names) {
                strcpy(table[have].name, name);
                atomic_store(&used, have + 1);
                found = have;
            }
            atomic_flag_clear(&adding);
        }
        slot = found < 0 ? 0 : found;
    }
    atomic_fetch_add_explicit(&table[slot].calls, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&table[slot].bytes, (long)bytes, memory_order_relaxed);
}

void *malloc(size_t n) { count(n); return __libc_malloc(n); }
void *calloc(size_t n, size_t m) { count(n * m); return __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { count(n); return __libc_realloc(p, n); }
void *memalign(size_t a, size_t n) { count(n); return __libc_memalign(a, n); }
void *aligned_alloc(size_t a, size_t n) { count(n); return __libc_memalign(a, n); }
int posix_memalign(void **out, size_t a, size_t n) {
    count(n);
    *out = __libc_memalign(a, n);
    return *out || !n ? 0 : ENOMEM;
}

__attribute__((destructor)) static void report(void) {
    const char *path = getenv("COUNT_ALLOCATIONS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (int i = 0; i < atomic_load(&used); i++)
        fprintf(file, "%s\t%ld\t%ld\n", table[i].name, atomic_load(&table[i].calls), atomic_load(&table[i].bytes));
    fclose(file);
}
