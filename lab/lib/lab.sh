# Everything the commands of the lab are made of, in the order of use. Sourced.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit

LIB=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source-path=SCRIPTDIR
{
    . "$LIB/common.sh"
    . "$LIB/deps.sh"
    . "$LIB/mirror.sh"
    . "$LIB/kernel.sh"
    . "$LIB/image.sh"
    . "$LIB/vm.sh"
    . "$LIB/report.sh"
    . "$LIB/stimuli.sh"
}
