#!/bin/bash
# Tries the project on bare machines: Debian 12, 13 and testing, each in a chroot
# that holds git and nothing else. Times both commands of the README there, on the
# last commit. Ends with the line "N passed, N failed".
#
# usage, as root: tests/machines.sh [SUITE...]
# Needs debootstrap, 5 GB in $TMPDIR or /var/tmp, and a Debian mirror:
# $DEBIAN_MIRROR, or deb.debian.org. The chroots are removed, unless $MACHINES
# names a folder to keep them in for the next run.
set -u
root=$(dirname "$(dirname "$(readlink -f "$0")")")
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
passed=0 failed=0

# Runs a command in the chroot of a suite. The end of its namespaces ends all that
# the command mounted or started.
inside() {
  local machine=$machines/$1
  shift
  # shellcheck disable=SC2016  # Expanded there.
  unshare --mount --pid --fork --kill-child bash -c '
    mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" &&
      exec chroot "$0" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"' \
    "$machine" "$@" </dev/null
}

# Runs, times and counts a step: its title, then its command. Returns the status
# of the command.
check() {
  local title="$suite: $1" start=$SECONDS status=0
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

# Prints the versions that the figures are about.
versions() {
  # shellcheck disable=SC2016  # Expanded there.
  inside "$suite" bash -c '
    g++ --version | head -n 1
    dpkg-query -W -f "\${Package} \${Version}\n" bazel-bootstrap googletest'
}

skipped_tests() {
  inside "$suite" grep -rhs --include=test.log '^SKIPPED: ' \
    /src/bazel-testlogs/ | sort -u
}

try_suite() {
  local bazel=(inside "$suite" /src/bazelw)
  [[ -e $machines/$suite/complete ]] || check debootstrap make_machine || return
  check 'git clone' clone
  check 'install: ./bazelw --version' "${bazel[@]}" --version
  versions
  check './bazelw run //examples:hello_selectors_poll, cold' \
    "${bazel[@]}" run //examples:hello_selectors_poll
  check './bazelw test //..., cold' "${bazel[@]}" test --keep_going //...
  skipped_tests
  check './bazelw test //..., warm' "${bazel[@]}" test --keep_going //...
  [[ ${MACHINES:-} ]] || rm -rf "${machines:?}/$suite"
}

command -v debootstrap >/dev/null ||
  { echo 'machines.sh: apt-get install debootstrap' >&2; exit 2; }
(( EUID == 0 )) || { echo 'machines.sh: run as root' >&2; exit 2; }
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/machines.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
machines=${MACHINES:-$scratch} log=$scratch/log
(( $# )) || set -- bookworm trixie forky
for suite; do try_suite; done
echo "$passed passed, $failed failed"
(( failed == 0 ))
