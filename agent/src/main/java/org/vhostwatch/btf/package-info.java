/**
 * A small reader of BTF, the kernel's own description of its types: byte offsets and sizes of
 * struct members by name. {@link org.vhostwatch.btf.Btf} is the way in.
 *
 * <p>Source of the format: Documentation/bpf/btf.rst and include/uapi/linux/btf.h of the kernel.
 */
@NullMarked
package org.vhostwatch.btf;

import org.jspecify.annotations.NullMarked;
