// A library for LD_PRELOAD: one call that writes fails, as on a disk that is full or a server that is gone.
//
//   FAULT_ROOT     only files below this folder count
//   FAULT_COUNTER  file with the number of calls so far, shared by a program and the programs that it starts
//   FAULT_AT       number of the call that fails; 0: none
//   FAULT_LOG      file that gets a line per call: number, kind, path
//   FAULT_READS    set: files that are opened for reading are in the log, too, as "0 read PATH"; they do not count
//
// Kinds: open (for writing), write, fsync, close (of a file that was open for writing), rename, link, symlink, mkdir, truncate. What a library
// writes through a FILE is seen at fwrite, fflush and fclose.
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
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static _Atomic long* counter(void) {
  static _Atomic(void*) shared;
  void* at = atomic_load(&shared);
  if (at) return at;
  const char* path = getenv("FAULT_COUNTER");
  if (!path) return NULL;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return NULL;
  if (syscall(SYS_ftruncate, file, (off_t)sizeof(long)) != 0) abort();
  at = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  if (at == MAP_FAILED) return NULL;
  atomic_store(&shared, at);
  return at;
}

static void note(long number, const char* kind, const char* path) {
  const char* log = getenv("FAULT_LOG");
  if (!log) return;
  char line[3 * PATH_MAX];
  const int length = snprintf(line, sizeof line, "%ld %s %s\n", number, kind, path);
  const int file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  syscall(SYS_write, file, line, (size_t)length);
  syscall(SYS_close, file);
}

// Counts a call on a path; 1 when it is the one that fails.
static int fails(const char* kind, const char* path) {
  const char* root = getenv("FAULT_ROOT");
  if (!root || !path || strncmp(path, root, strlen(root)) != 0) return 0;
  if (strcmp(kind, "read") == 0) {
    if (getenv("FAULT_READS")) note(0, kind, path);
    return 0;
  }
  _Atomic long* count = counter();
  if (!count) return 0;
  const long number = atomic_fetch_add(count, 1) + 1;
  note(number, kind, path);
  const char* at = getenv("FAULT_AT");
  return at && atol(at) == number;
}

static int file_fails(const char* kind, int file) {
  char link[64], path[PATH_MAX + 1];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, PATH_MAX);
  if (length <= 0) return 0;
  path[length] = '\0';
  return fails(kind, path);
}

static int name_fails(const char* kind, int folder, const char* name) {
  char path[2 * PATH_MAX];
  if (!name) return 0;
  if (name[0] == '/') return fails(kind, name);
  char at[PATH_MAX + 1] = "";
  if (folder == AT_FDCWD) {
    if (!getcwd(at, sizeof at)) return 0;
  } else {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    const ssize_t length = readlink(link, at, PATH_MAX);
    if (length <= 0) return 0;
    at[length] = '\0';
  }
  snprintf(path, sizeof path, "%s/%s", at, name);
  return fails(kind, path);
}

static int open_for_writing(int file) {
  const int flags = fcntl(file, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

#define FAIL(number)  \
  do {                \
    errno = (number); \
    return -1;        \
  } while (0)

#define OPEN(name)                                                                                   \
  int name(const char* path, int flags, ...) {                                                       \
    mode_t mode = 0;                                                                                 \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                           \
      va_list rest;                                                                                  \
      va_start(rest, flags);                                                                         \
      mode = va_arg(rest, mode_t);                                                                   \
      va_end(rest);                                                                                  \
    }                                                                                                \
    if (name_fails((flags & O_ACCMODE) != O_RDONLY ? "open" : "read", AT_FDCWD, path)) FAIL(ENOSPC); \
    return REAL(name)(path, flags, mode);                                                            \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
  int name(int folder, const char* path, int flags, ...) {                                         \
    mode_t mode = 0;                                                                               \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                         \
      va_list rest;                                                                                \
      va_start(rest, flags);                                                                       \
      mode = va_arg(rest, mode_t);                                                                 \
      va_end(rest);                                                                                \
    }                                                                                              \
    if (name_fails((flags & O_ACCMODE) != O_RDONLY ? "open" : "read", folder, path)) FAIL(ENOSPC); \
    return REAL(name)(folder, path, flags, mode);                                                  \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                           \
  FILE* name(const char* path, const char* mode) {                            \
    if (name_fails(strpbrk(mode, "wa+") ? "open" : "read", AT_FDCWD, path)) { \
      errno = ENOSPC;                                                         \
      return NULL;                                                            \
    }                                                                         \
    return REAL(name)(path, mode);                                            \
  }
FOPEN(fopen)
FOPEN(fopen64)

size_t fwrite(const void* data, size_t size, size_t count, FILE* stream) {
  if (file_fails("write", fileno(stream))) {
    errno = ENOSPC;
    return 0;
  }
  return REAL(fwrite)(data, size, count, stream);
}

int fclose(FILE* stream) {
  const int file = fileno(stream);
  const int fail = file >= 0 && open_for_writing(file) && file_fails("close", file);
  const int result = REAL(fclose)(stream);
  if (!fail) return result;
  errno = EIO;
  return EOF;
}

ssize_t write(int file, const void* data, size_t size) {
  if (file_fails("write", file)) FAIL(ENOSPC);
  return REAL(write)(file, data, size);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  if (file_fails("write", file)) FAIL(ENOSPC);
  return REAL(writev)(file, parts, count);
}

#define PWRITE(name, offset)                                         \
  ssize_t name(int file, const void* data, size_t size, offset at) { \
    if (file_fails("write", file)) FAIL(ENOSPC);                     \
    return REAL(name)(file, data, size, at);                         \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t sendfile(int out, int in, off_t* at, size_t size) {
  if (file_fails("write", out)) FAIL(ENOSPC);
  return REAL(sendfile)(out, in, at, size);
}

ssize_t copy_file_range(int in, off64_t* in_at, int out, off64_t* out_at, size_t size, unsigned flags) {
  if (file_fails("write", out)) FAIL(ENOSPC);
  return REAL(copy_file_range)(in, in_at, out, out_at, size, flags);
}

int fsync(int file) {
  if (file_fails("fsync", file)) FAIL(EIO);
  return REAL(fsync)(file);
}

int fdatasync(int file) {
  if (file_fails("fsync", file)) FAIL(EIO);
  return REAL(fdatasync)(file);
}

int close(int file) {
  const int fail = open_for_writing(file) && file_fails("close", file);
  const int result = REAL(close)(file);
  if (fail) FAIL(EIO);
  return result;
}

int rename(const char* from, const char* to) {
  if (name_fails("rename", AT_FDCWD, to)) FAIL(EIO);
  return REAL(rename)(from, to);
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  if (name_fails("rename", to_folder, to)) FAIL(EIO);
  return REAL(renameat)(from_folder, from, to_folder, to);
}

int link(const char* from, const char* to) {
  if (name_fails("link", AT_FDCWD, to)) FAIL(EIO);
  return REAL(link)(from, to);
}

int symlink(const char* from, const char* to) {
  if (name_fails("symlink", AT_FDCWD, to)) FAIL(ENOSPC);
  return REAL(symlink)(from, to);
}

int mkdir(const char* path, mode_t mode) {
  struct stat found;
  if (stat(path, &found) != 0 && name_fails("mkdir", AT_FDCWD, path)) FAIL(ENOSPC);
  return REAL(mkdir)(path, mode);
}

#define TRUNCATE(name, offset)                             \
  int name(const char* path, offset size) {                \
    if (name_fails("truncate", AT_FDCWD, path)) FAIL(EIO); \
    return REAL(name)(path, size);                         \
  }
TRUNCATE(truncate, off_t)
TRUNCATE(truncate64, off64_t)
int ftruncate(int file, off_t size) {
  if (file_fails("truncate", file)) FAIL(EIO);
  return REAL(ftruncate)(file, size);
}
