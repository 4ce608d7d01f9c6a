package org.vhostwatch.libc;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Variadic;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import jnr.ffi.types.ssize_t;
import jnr.ffi.types.u_int64_t;
import org.jspecify.annotations.Nullable;

/**
 * The functions of the C library as jnr-ffi binds them, with their own names and conventions: -1
 * and errno on failure. Public only because the generated binding demands it; use the typed classes
 * of this package.
 */
@SuppressWarnings("MissingJavadocMethod")
public interface CLibrary {
  @Variadic(fixedCount = 2)
  int open(@In String path, int flags, int mode);

  int close(int fd);

  @ssize_t
  long read(int fd, Pointer buffer, @size_t long count);

  @ssize_t
  long write(int fd, Pointer buffer, @size_t long count);

  @Variadic(fixedCount = 2)
  int ioctl(int fd, @u_int64_t long request, Pointer argument);

  @Variadic(fixedCount = 2)
  int ioctl(int fd, @u_int64_t long request, @u_int64_t long argument);

  // A Pointer parameter on purpose: with six plain integers jnr-ffi 2.3.1 uses its own x86-64
  // stubs,
  // which pass a wrong sixth argument (seen: mmap fails with EINVAL for its offset).
  Pointer mmap(
      @Nullable Pointer address,
      @size_t long length,
      int protection,
      int flags,
      int fd,
      @off_t long offset);

  int munmap(Pointer address, @size_t long length);

  int eventfd(int initial, int flags);

  int poll(Pointer descriptors, @u_int64_t long count, int timeoutMillis);

  int socket(int domain, int type, int protocol);

  int bind(int fd, Pointer address, int length);

  int connect(int fd, Pointer address, int length);

  int setsockopt(int fd, int level, int option, Pointer value, int length);

  int getsockopt(int fd, int level, int option, Pointer value, Pointer length);

  @ssize_t
  long send(int fd, Pointer buffer, @size_t long length, int flags);

  int setns(int fd, int type);

  int if_nametoindex(@In String name);

  int clock_gettime(int clock, Pointer time);

  String strerror(int errno);
}
