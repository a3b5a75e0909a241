#!/bin/bash
# cvd-backup - backup, verification and restore of a CVD server. For usage, run `cvd-backup help`.
#
# Rules of this program:
#  - Check what a step needs before the step. A failure says what happened, what is unchanged, what to do next.
#  - A function that computes text leaves it in REPLY: no subshell, no loss of trailing newlines, no fork.
#  - No here-strings: older bashes put them into a file in /tmp, and a full disk is when we are needed most.
#  - File names, settings and table names are data. They are never part of a command line, of SQL text without
#    quoting, or of an expression that the shell evaluates.

# The parts set and read each other's globals, and omit optional arguments on purpose; `A && B || fail` is intended.
# shellcheck disable=SC2015,SC2034,SC2119,SC2120

set -u -o pipefail
umask 077
export LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset CDPATH GLOBIGNORE BASH_ENV ENV TAR_OPTIONS GZIP
shopt -s nullglob
shopt -u patsub_replacement 2>/dev/null # since bash 5.2, & has a meaning in replacements
readonly PROTOCOL=1
