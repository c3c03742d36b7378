/* Stands between a program and the files of one folder, for drills. It writes down in their order what is done
 * to them and what the program says, or refuses writes as a full or a read-only disk does.
 *
 * DISK_FOLDER  the folder
 * DISK_TRACE   where to write the record; none without it
 * DISK_STATE   a file whose first letter is the disk's state: f full, r read-only, anything else well
 *
 * A record: kind 1 | length of path 2 | length of second path 2 | offset 8 | length of data 4, in the machine's
 * order of bytes; path, second path, data. Paths are relative to the folder, and empty for the folder itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static const char *state_file;
static int trace = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *of = getenv("DISK_FOLDER"), *to = getenv("DISK_TRACE");
    if (of) snprintf(folder, sizeof folder, "%s", of);
    state_file = getenv("DISK_STATE");
    if (to) trace = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static char state(void) {
    char letter = 'w';
    if (!state_file) return letter;
    int file = syscall(SYS_openat, AT_FDCWD, state_file, O_RDONLY | O_CLOEXEC);
    if (file < 0) return letter;
    if (syscall(SYS_read, file, &letter, 1) != 1) letter = 'w';
    syscall(SYS_close, file);
    return letter;
}

/* The path below the folder, or NULL. */
static const char *inside(const char *path) {
    size_t length = strlen(folder);
    if (!length || !path || strncmp(path, folder, length)) return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] ? NULL : "";
}

static const char *inside_fd(int fd, char *buffer) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return inside(buffer);
}

static void record(char kind, const char *path, const char *second, uint64_t offset, const void *data, uint32_t length) {
    if (trace < 0) return;
    uint16_t first = strlen(path), other = strlen(second);
    char *whole = malloc(17 + first + other + length), *at = whole;
#define ADD(from, bytes) (memcpy(at, from, bytes), at += bytes)
    ADD(&kind, 1), ADD(&first, 2), ADD(&other, 2), ADD(&offset, 8), ADD(&length, 4);
    ADD(path, first), ADD(second, other);
    if (length) ADD(data, length);
    if (syscall(SYS_write, trace, whole, at - whole) != at - whole) abort();
    free(whole);
}

/* What a disk in this state says to a change that needs no room. */
static int refused(void) {
    if (state() != 'r') return 0;
    errno = EROFS;
    return 1;
}

/* How many of these bytes there is room for: those of the file's present length. Less than none: an error. */
static ssize_t room(int fd, uint64_t offset, size_t length) {
    char now = state();
    struct stat about;
    if (now == 'r') return errno = EROFS, -1;
    if (now != 'f' || fstat(fd, &about) || offset + length <= (uint64_t)about.st_size) return length;
    if (offset >= (uint64_t)about.st_size) return errno = ENOSPC, -1;
    return about.st_size - offset;
}

static ssize_t write_at(int fd, const void *data, size_t length, uint64_t offset, int moves) {
    char buffer[PATH_MAX];
    const char *path = inside_fd(fd, buffer);
    if (path) {
        ssize_t fits = room(fd, offset, length);
        if (fits < 0) return fits;
        length = fits;
    }
    ssize_t written = moves ? syscall(SYS_write, fd, data, length) : syscall(SYS_pwrite64, fd, data, length, offset);
    if (path && written > 0) record('w', path, "", offset, data, written);
    if (fd == 1 && written > 0) record('s', "", "", 0, data, written);
    return written;
}

#define ALONE(type, call)                          \
    do {                                           \
        pthread_mutex_lock(&one_at_a_time);        \
        type result = (call);                      \
        int error = errno;                         \
        pthread_mutex_unlock(&one_at_a_time);      \
        errno = error;                             \
        return result;                             \
    } while (0)

ssize_t write(int fd, const void *data, size_t length) {
    char buffer[PATH_MAX];
    if (fd != 1 && !inside_fd(fd, buffer)) return syscall(SYS_write, fd, data, length);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ALONE(ssize_t, write_at(fd, data, length, offset < 0 ? 0 : offset, 1));
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    ALONE(ssize_t, write_at(fd, data, length, offset, 0));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

static int change_fd(int fd, char kind, uint64_t length, int (*change)(int, uint64_t)) {
    char buffer[PATH_MAX];
    const char *path = inside_fd(fd, buffer);
    if (path && refused()) return -1;
    int result = change(fd, length);
    if (path && !result) record(kind, path, "", length, NULL, 0);
    return result;
}

static int real_fsync(int fd, uint64_t unused) { return (void)unused, syscall(SYS_fsync, fd); }
static int real_fdatasync(int fd, uint64_t unused) { return (void)unused, syscall(SYS_fdatasync, fd); }
static int real_truncate(int fd, uint64_t length) { return syscall(SYS_ftruncate, fd, length); }

int fsync(int fd) { ALONE(int, change_fd(fd, 'y', 0, real_fsync)); }
int fdatasync(int fd) { ALONE(int, change_fd(fd, 'y', 0, real_fdatasync)); }
int ftruncate64(int fd, off64_t length) { ALONE(int, change_fd(fd, 't', length, real_truncate)); }
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int open_in(int at, const char *path, int flags, mode_t mode) {
    const char *name = inside(path);
    int known = access(path, F_OK) == 0;
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (name && writes && refused()) return -1;
    int fd = syscall(SYS_openat, at, path, flags, mode);
    if (fd < 0 || !name) return fd;
    if ((flags & O_CREAT) && !known) record('c', name, "", 0, NULL, 0);
    if ((flags & O_TRUNC) && known) record('t', name, "", 0, NULL, 0);
    return fd;
}

#define MODE(flags, mode)                                   \
    mode_t mode = 0;                                        \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                  \
        va_list rest;                                       \
        va_start(rest, flags);                              \
        mode = va_arg(rest, mode_t);                        \
        va_end(rest);                                       \
    }

int open64(const char *path, int flags, ...) {
    MODE(flags, mode)
    ALONE(int, open_in(AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...) {
    MODE(flags, mode)
    ALONE(int, open_in(AT_FDCWD, path, flags, mode));
}

int openat64(int at, const char *path, int flags, ...) {
    MODE(flags, mode)
    ALONE(int, open_in(at, path, flags, mode));
}

static int change_name(char kind, const char *path, const char *second, int done) {
    if (!done && inside(path)) record(kind, inside(path), second && inside(second) ? inside(second) : "", 0, NULL, 0);
    return done;
}

#define NAMED(path, kind, second, call) \
    ALONE(int, inside(path) && refused() ? -1 : change_name(kind, path, second, call))

int rename(const char *path, const char *to) { NAMED(path, 'n', to, REAL(rename)(path, to)); }
int linkat(int at, const char *path, int to_at, const char *to, int flags) {
    NAMED(path, 'l', to, REAL(linkat)(at, path, to_at, to, flags));
}
int unlink(const char *path) { NAMED(path, 'u', NULL, REAL(unlink)(path)); }
int rmdir(const char *path) { NAMED(path, 'u', NULL, REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mode) { NAMED(path, 'd', NULL, REAL(mkdir)(path, mode)); }
