#!/bin/bash
# Tries the project on bare machines: Debian 12, 13 and testing, each in a chroot
# that holds git and nothing else, and there with other compilers, too. Times both
# commands of the README, on the last commit, and builds all as C++23. Ends with
# the line "N passed, N failed".
#
# usage, as root: tests/machines.sh [SUITE[:COMPILER]...]
#                 tests/machines.sh --run SUITE COMMAND [ARGUMENT...]
# The second form only runs a command, in a clone of the last commit, and ends with
# the exit status of the command.
#
# Needs debootstrap, 12 GB in $TMPDIR or /var/tmp, and a Debian mirror:
# $DEBIAN_MIRROR, or deb.debian.org. The chroots are removed, unless $MACHINES
# names a folder to keep them in for the next run.
set -u
root=$(dirname "$(dirname "$(readlink -f "$0")")")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
passed=0 failed=0

# Runs a command in the chroot, after settings of its environment. The end of its
# namespaces ends all that the command mounted or started.
inside() {
  # shellcheck disable=SC2016  # Expanded there.
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
      exec chroot "$0" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' \
    "$machines/$suite" "$@" </dev/null
}

# Runs, times and counts a step: its title, then its command. Returns the status
# of the command.
check() {
  local title="$machine: $1" start=$SECONDS status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  if (( status == 0 )); then
    passed=$((passed + 1))
    echo "passed: $title ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    echo "failed: $title ($((SECONDS - start)) s)"
    tail -n 40 "$log"
  fi
  grep -E '^Executed .* tests?' "$log" | sed 's/^/        /'
  return $status
}

make_machine() {
  local script=/usr/share/debootstrap/scripts/$suite
  # An older debootstrap does not know a newer suite; all are made like sid.
  [[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid
  debootstrap --variant=minbase --include=git,ca-certificates \
    "$suite" "$machines/$suite" "$mirror" "$script" || return
  # A mirror may be older than apt accepts: as this machine's apt sees it.
  apt-config dump Acquire::Check-Valid-Until Acquire::Check-Date \
    > "$machines/$suite/etc/apt/apt.conf.d/99here"
  touch "$machines/$suite/complete"
}

clone() {
  rm -rf "$machines/$suite/src" "$machines/$suite/root/.cache"
  git clone --quiet "$root" "$machines/$suite/src"
}

install_compiler() {
  # shellcheck disable=SC2016  # Expanded there.
  inside sh -c 'apt-get update -q && apt-get install -q -y \
    --no-install-recommends "$0"' "$compiler"
}

# Prints the versions that the figures are about.
versions() {
  # shellcheck disable=SC2016  # Expanded there.
  inside sh -c '
    "$0" --version | head -n 1
    dpkg-query -W -f "\${Package} \${Version}\n" bazel-bootstrap googletest' \
    "${compiler:-g++}"
}

skipped_tests() {
  inside grep -rhs --include=test.log '^SKIPPED: ' /src/bazel-testlogs/ | sort -u
}

try_machine() {
  local bazel=(inside ${compiler:+"CC=$compiler"} /src/bazelw)
  [[ -e $machines/$suite/complete ]] || check debootstrap make_machine || return
  check 'git clone' clone
  [[ -z $compiler ]] || check "install: $compiler" install_compiler || return
  check 'install: ./bazelw --version' "${bazel[@]}" --version
  versions
  check './bazelw run //examples:hello_selectors_poll, cold' \
    "${bazel[@]}" run //examples:hello_selectors_poll
  check './bazelw test //..., cold' "${bazel[@]}" test --keep_going //...
  skipped_tests
  check './bazelw test //..., warm' "${bazel[@]}" test --keep_going //...
  # Of the names of this standard, the one that the older compilers know, too.
  check './bazelw build //..., C++23' "${bazel[@]}" build --keep_going \
    --per_file_copt='\.cc$@-std=c++2b' //...
}

run_command() {
  if [[ ! -e $machines/$suite/complete ]]; then make_machine || return; fi >&2
  # shellcheck disable=SC2016  # Expanded there.
  clone && inside sh -c 'cd /src && exec "$0" "$@"' "$@"
}

command -v debootstrap >/dev/null ||
  { echo 'machines.sh: apt-get install debootstrap' >&2; exit 2; }
(( EUID == 0 )) || { echo 'machines.sh: run as root' >&2; exit 2; }
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/machines.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
machines=${MACHINES:-$scratch} log=$scratch/log
if [[ ${1-} == --run ]]; then
  (( $# > 2 )) ||
    { echo 'usage: machines.sh --run SUITE COMMAND [ARGUMENT...]' >&2; exit 2; }
  suite=$2
  run_command "${@:3}"
  exit
fi
(( $# )) || set -- bookworm bookworm:clang-14 bookworm:clang-19 trixie \
  trixie:clang-19 forky forky:clang-21
for machine; do
  suite=${machine%%:*} compiler=${machine#"$suite"}
  compiler=${compiler#:}
  try_machine
done
echo "$passed passed, $failed failed"
(( failed == 0 ))
