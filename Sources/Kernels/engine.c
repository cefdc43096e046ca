// Runs a list of steps on a few threads. A thread takes shares of the current step until none is left and waits for
// those of others only: a helper that the system has put aside holds nobody up.
#include "internal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// Spins before a waiting thread sleeps: about 50 microseconds.
enum { SPINS = 2000 };

typedef struct {
    _Alignas(64) atomic_llong next;
    atomic_llong done;
} progress;

struct rima_engine {
    rima_step *steps;
    progress *progress;
    int count, threads;
    rima_level level;
    run_chunk run;
    size_t scratch_bytes;
    char *scratch;
    pthread_t *helpers;
    int started;
    const uint8_t *picture;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    atomic_llong frame;  // frames begun
    atomic_int stop;
    atomic_int asleep;
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

// Works on frame `frame` (from 0) until its last step is done.
static void work(rima_engine *e, long long frame, char *scratch, int64_t *nanoseconds) {
    for (int s = 0; s < e->count; s++) {
        const rima_step *step = &e->steps[s];
        progress *p = &e->progress[s];
        int64_t began = nanoseconds ? now() : 0;
        long long first = frame * step->chunks, limit = first + step->chunks;
        long long at = atomic_load_explicit(&p->next, memory_order_relaxed);
        // Counters only grow, so a late helper of an earlier frame finds nothing to take.
        while (at < limit) {
            if (!atomic_compare_exchange_weak_explicit(&p->next, &at, at + 1, memory_order_acq_rel,
                                                       memory_order_relaxed))
                continue;
            e->run(step, (int)(at - first), scratch, e->picture);
            atomic_fetch_add_explicit(&p->done, 1, memory_order_release);
            at = atomic_load_explicit(&p->next, memory_order_relaxed);
        }
        for (int spins = 0; atomic_load_explicit(&p->done, memory_order_acquire) < limit; spins++) {
            if (spins < SPINS) relax();
            else nanosleep(&(struct timespec){0, 20000}, NULL);
        }
        if (nanoseconds) {
            int64_t took = now() - began;
            if (took < nanoseconds[s]) nanoseconds[s] = took;
        }
    }
}

typedef struct {
    rima_engine *engine;
    int index;
} helper;

static void *help(void *argument) {
    helper h = *(helper *)argument;
    free(argument);
    rima_engine *e = h.engine;
    long long seen = 0;
    for (;;) {
        for (int spins = 0; spins < SPINS && atomic_load(&e->frame) == seen && !atomic_load(&e->stop); spins++) relax();
        if (atomic_load(&e->frame) == seen && !atomic_load(&e->stop)) {
            pthread_mutex_lock(&e->mutex);
            atomic_fetch_add(&e->asleep, 1);
            while (atomic_load(&e->frame) == seen && !atomic_load(&e->stop)) pthread_cond_wait(&e->wake, &e->mutex);
            atomic_fetch_sub(&e->asleep, 1);
            pthread_mutex_unlock(&e->mutex);
        }
        if (atomic_load(&e->stop)) return NULL;
        seen = atomic_load(&e->frame);
        work(e, seen - 1, e->scratch + (size_t)h.index * e->scratch_bytes, NULL);
    }
}

rima_engine *rima_engine_create(const rima_step *steps, int count, int threads, rima_level level) {
    rima_engine *e = calloc(1, sizeof *e);
    if (!e) return NULL;
    e->count = count;
    e->threads = threads < 1 ? 1 : threads > 64 ? 64 : threads;
    e->level = level;
    e->run = run_chunk_for(level);
    pthread_mutex_init(&e->mutex, NULL);
    pthread_cond_init(&e->wake, NULL);
    for (int s = 0; s < count; s++) {
        size_t bytes = rima_scratch_size(level, &steps[s]);
        if (bytes > e->scratch_bytes) e->scratch_bytes = bytes;
    }
    e->scratch_bytes = (e->scratch_bytes + 4095) / 4096 * 4096 + 4096;
    e->steps = malloc(sizeof *steps * (size_t)(count + 1));
    e->progress = aligned_alloc(64, sizeof *e->progress * (size_t)(count + 1));
    e->scratch = aligned_alloc(4096, e->scratch_bytes * (size_t)e->threads);
    e->helpers = calloc((size_t)e->threads, sizeof *e->helpers);
    if (!e->steps || !e->progress || !e->scratch || !e->helpers) {
        rima_engine_destroy(e);
        return NULL;
    }
    memcpy(e->steps, steps, sizeof *steps * (size_t)count);
    memset(e->progress, 0, sizeof *e->progress * (size_t)(count + 1));
    memset(e->scratch, 0, e->scratch_bytes * (size_t)e->threads);
    for (int i = 1; i < e->threads; i++) {
        helper *h = malloc(sizeof *h);
        if (!h) break;
        *h = (helper){e, i};
        if (pthread_create(&e->helpers[e->started], NULL, help, h)) {
            free(h);  // Fewer helpers: slower, never wrong.
            break;
        }
        e->started++;
    }
    return e;
}

static void start(rima_engine *e, const uint8_t *picture) {
    e->picture = picture;
    atomic_fetch_add(&e->frame, 1);
    if (e->started && atomic_load(&e->asleep)) {
        pthread_mutex_lock(&e->mutex);
        pthread_cond_broadcast(&e->wake);
        pthread_mutex_unlock(&e->mutex);
    }
}

void rima_engine_run(rima_engine *e, const uint8_t *picture) {
    start(e, picture);
    work(e, atomic_load(&e->frame) - 1, e->scratch, NULL);
}

void rima_engine_profile(rima_engine *e, int64_t *nanoseconds) {
    start(e, e->picture);
    work(e, atomic_load(&e->frame) - 1, e->scratch, nanoseconds);
}

void rima_engine_destroy(rima_engine *e) {
    if (!e) return;
    pthread_mutex_lock(&e->mutex);
    atomic_store(&e->stop, 1);
    pthread_cond_broadcast(&e->wake);
    pthread_mutex_unlock(&e->mutex);
    for (int i = 0; i < e->started; i++) pthread_join(e->helpers[i], NULL);
    pthread_mutex_destroy(&e->mutex);
    pthread_cond_destroy(&e->wake);
    free(e->helpers);
    free(e->scratch);
    free(e->progress);
    free(e->steps);
    free(e);
}
