#!/bin/bash
# The kernel itself refuses, by the hand of strace: nothing of ours is in
# between that could hide a mistake.
set -u
program=tests/selectors/strace_main
failed=0

skip() {
  echo "SKIPPED: $1"
  exit 0
}

command -v strace >/dev/null || skip 'no strace here'
strace -o /dev/null -e inject=getppid:error=EPERM true 2>/dev/null ||
  skip 'strace may not trace here'
strace -o /dev/null -e trace=epoll_pwait2 true 2>/dev/null ||
  skip 'this strace does not know epoll_pwait2'

# Runs the program under strace with the options $2... and compares what it says
# with $1. Its calls stand in the file "calls".
expect() {
  local expected=$1 output
  shift
  output=$(strace -f -o "$TEST_TMPDIR/calls" "$@" "$program" 2>&1)
  [[ $output == "$expected" ]] && return
  echo "With $*:"
  diff <(echo "$expected") <(echo "$output")
  failed=1
}

# How many calls of $1 the last program made; grep's own status is no news.
calls() {
  grep -cE "^[0-9]+ +$1\(" "$TEST_TMPDIR/calls"
}

expect_calls() {
  local count
  count=$(calls "$1")
  (( count $2 )) && return
  echo "$count calls of $1, should be $2:"
  cat "$TEST_TMPDIR/calls"
  failed=1
}

trace=trace=/^epoll_

expect '1 ready' -e $trace
expect_calls epoll_pwait2 '>= 4'

# No memory for one more entry: a clear error, and nothing changed, so that the
# same call succeeds afterwards.
limit='(the limit is /proc/sys/fs/epoll/max_user_watches)'
expect "refused: epoll_ctl ADD fd 3 $limit: No space left on device
0 registered
1 ready" -e $trace -e inject=epoll_ctl:error=ENOSPC:when=1
expect_calls epoll_ctl '== 2'

# A kernel before 5.11, and a sandbox that has never heard of the call: asked
# once, then milliseconds, which are never early. What is written must be found.
for error in ENOSYS EPERM; do
  expect '1 ready' -e $trace -e inject=epoll_pwait2:error=$error
  expect_calls epoll_pwait2 '== 1'
  expect_calls epoll_wait '>= 4'
  expect_calls epoll_wait '<= 8'  # Rounded down, it would spin to the end.
done

# Any other error is not taken for a lack of the call.
expect 'failed: epoll_wait: Bad file descriptor' \
  -e $trace -e inject=epoll_pwait2:error=EBADF:when=4+
expect_calls epoll_wait '== 0'

# A signal is no reason to end, nor to begin from the start.
expect '1 ready' -e $trace -e inject=epoll_pwait2:error=EINTR:when=1..3
exit $failed
