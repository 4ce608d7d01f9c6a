/**
 * Native calls, and the only place that knows them: file descriptors, ioctl, mapped memory,
 * eventfd, packet and datagram sockets, network namespaces and device features over jnr-ffi. {@link
 * org.vhostwatch.libc.Fd} and {@link org.vhostwatch.libc.NativeMemory} are the two classes most
 * callers need.
 *
 * <p>For 64-bit Linux on x86-64 and aarch64: the constants used here are the same on both, and
 * structures are laid out by explicit offsets in native byte order. Nothing native is loaded before
 * the first call; when loading fails, each call throws an {@link java.io.IOException} that says so.
 */
@NullMarked
package org.vhostwatch.libc;

import org.jspecify.annotations.NullMarked;
