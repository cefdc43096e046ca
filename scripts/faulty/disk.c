// A disk that fails at the n-th write or sync: preload it into a program to see what becomes of its files.
//
//   FAULT_UNDER   only files whose path begins so count
//   FAULT_AT      which call fails, from 1; 0 or nothing: none
//   FAULT_FOR     how many calls fail from there on; 1 unless given
//   FAULT_ERRNO   the error, as a number; ENOSPC unless given
//   FAULT_SWITCH  a file: as long as it is there, every call under the path in it fails with the number in front of that
//                 ("28 /var/lib/rima/sessions/x")
//   FAULT_COUNT   a file that receives how many calls there were, at the end of the program
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text && *text ? atol(text) : otherwise;
}

static int lies_under(int fd, const char *prefix) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int saved = errno;
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = saved;
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

// The error that the switch asks for; 0 for none.
static int switched(int fd) {
    const char *name = getenv("FAULT_SWITCH");
    if (!name) return 0;
    int saved = errno, error = 0;
    char text[PATH_MAX + 16];
    int control = open(name, O_RDONLY | O_CLOEXEC);
    ssize_t length = control < 0 ? 0 : read(control, text, sizeof text - 1);
    if (control >= 0) close(control);
    if (length > 0) {
        text[length] = 0;
        text[strcspn(text, "\n")] = 0;
        char *prefix = strchr(text, ' ');
        if (prefix && lies_under(fd, prefix + 1)) error = atoi(text);
    }
    errno = saved;
    return error;
}

// Whether this call is to fail.
static int fails(int fd) {
    int error = switched(fd);
    if (error) {
        errno = error;
        return 1;
    }
    const char *prefix = getenv("FAULT_UNDER");
    if (!prefix || !lies_under(fd, prefix)) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1, at = number("FAULT_AT", 0);
    if (at == 0 || call < at || call >= at + number("FAULT_FOR", 1)) return 0;
    errno = (int)number("FAULT_ERRNO", ENOSPC);
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) { return fails(fd) ? -1 : REAL(write)(fd, bytes, count); }
ssize_t writev(int fd, const struct iovec *v, int n) { return fails(fd) ? -1 : REAL(writev)(fd, v, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { return fails(fd) ? -1 : REAL(pwrite)(fd, b, n, at); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { return fails(fd) ? -1 : REAL(pwrite64)(fd, b, n, at); }
int fsync(int fd) { return fails(fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t length) { return fails(fd) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return fails(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int posix_fallocate(int fd, off_t at, off_t length) {
    return fails(fd) ? errno : REAL(posix_fallocate)(fd, at, length);
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}
