# identity-kthreads: the same as identity, where the kernel was told to make its workers kernel threads
# kernels: all
# timeout: 900
# append: vhost.fork_from_owner_default=0
# shellcheck shell=bash

# shellcheck disable=SC1091  # in the VM
. /opt/lab/scenarios/identity.sh
