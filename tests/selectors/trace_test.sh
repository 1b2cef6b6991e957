#!/bin/bash
# SELECTORS_TRACE=1 prints what selectors/kernel/trace.h says; without it, nothing is
# printed.
set -u
program=tests/selectors/trace_main
failed=0

fail() {
  echo "$1"
  failed=1
}

# Times differ from run to run, and the selector's own descriptor and the flags
# of a file may.
normalised() {
  sed -E 's/ \[[0-9.e+]+ (ns|us|ms|s)\]$/ [TIME]/
          s/(F_GETFL\) =) [0-9]+/\1 FLAGS/
          s/(epoll_create1\(CLOEXEC\) =) [0-9]+/\1 EPFD/
          s/(epoll_(ctl|wait|pwait2)|close)\([0-9]+/\1(EPFD/'
}

# Runs the program on backend $1 and compares with what stands in the input. The
# program prints nothing itself; the last line is its selector's destructor.
expect_trace() {
  local difference
  difference=$(diff <(cat) <(SELECTORS_BACKEND=$1 SELECTORS_TRACE=1 \
    "$program" 2>&1 | normalised))
  [[ ! $difference ]] || fail "On $1 the trace is another (>) than expected (<):
$difference"
}

expect_trace epoll <<'EOF'
epoll_create1(CLOEXEC) = EPFD [TIME]
EpollSelector.register_(fd 105, READ)
  epoll_ctl(EPFD, ADD, 105, IN 105#1) = 0 [TIME]
EpollSelector.register_(fd 106, READ|WRITE)
  epoll_ctl(EPFD, ADD, 106, IN|OUT 106#2) = 0 [TIME]
EpollSelector.select(0 ns)
  epoll_wait(EPFD, [OUT 106#2], 16, 0 ns) = 1 [TIME]
EpollSelector.modify(fd 106, READ)
  epoll_ctl(EPFD, MOD, 106, IN 106#3) = 0 [TIME]
EpollSelector.select(2 ms)
  epoll_pwait2(EPFD, [], 16, 2 ms) = 0 [TIME]
EpollSelector.select(100 ms)
  epoll_pwait2(EPFD, [IN 105#1], 16, 100 ms) = 1 [TIME]
EpollSelector.select(forever)
  epoll_wait(EPFD, [IN 105#1], 16, forever) = 1 [TIME]
EpollSelector.unregister(fd 106)
  epoll_ctl(EPFD, DEL, 106) = 0 [TIME]
EpollSelector.select(0 ns)
  epoll_wait(EPFD, [], 16, 0 ns) = 0 [TIME]
EpollSelector.unregister(fd 105)
  epoll_ctl(EPFD, DEL, 105) = -1 EBADF [TIME]
EpollSelector.close()
  close(EPFD) = 0 [TIME]
EOF

expect_trace poll <<'EOF'
PollSelector.register_(fd 105, READ)
  fcntl(105, F_GETFL) = FLAGS [TIME]
PollSelector.register_(fd 106, READ|WRITE)
  fcntl(106, F_GETFL) = FLAGS [TIME]
PollSelector.select(0 ns)
  poll([105 IN, 106 IN|OUT -> OUT], 2, 0 ns) = 1 [TIME]
PollSelector.modify(fd 106, READ)
PollSelector.select(2 ms)
  poll([105 IN, 106 IN], 2, 2 ms) = 0 [TIME]
PollSelector.select(100 ms)
  poll([105 IN -> IN, 106 IN], 2, 100 ms) = 1 [TIME]
PollSelector.select(forever)
  poll([105 IN -> IN, 106 IN], 2, forever) = 1 [TIME]
PollSelector.unregister(fd 106)
PollSelector.select(0 ns)
  poll([105 IN -> NVAL], 1, 0 ns) = 1 [TIME]
PollSelector.unregister(fd 105)
PollSelector.close()
EOF

expect_trace select <<'EOF'
SelectSelector.register_(fd 105, READ)
  fcntl(105, F_GETFL) = FLAGS [TIME]
SelectSelector.register_(fd 106, READ|WRITE)
  fcntl(106, F_GETFL) = FLAGS [TIME]
SelectSelector.select(0 ns)
  pselect(107, [105, 106] -> [], [106] -> [106], 0 ns) = 1 [TIME]
SelectSelector.modify(fd 106, READ)
SelectSelector.select(2 ms)
  pselect(107, [105, 106] -> [], -, 2 ms) = 0 [TIME]
SelectSelector.select(100 ms)
  pselect(107, [105, 106] -> [105], -, 100 ms) = 1 [TIME]
SelectSelector.select(forever)
  pselect(107, [105, 106] -> [105], -, forever) = 1 [TIME]
SelectSelector.unregister(fd 106)
SelectSelector.select(0 ns)
  pselect(106, [105], -, 0 ns) = -1 EBADF [TIME]
  fcntl(105, F_GETFD) = -1 EBADF [TIME]
SelectSelector.unregister(fd 105)
SelectSelector.close()
EOF

# Each line that trace.h shows is one that occurs, but for its numbers.
shape() {
  sed -E 's/\[TIME\]|\[[0-9.]+ (ns|us|ms|s)\]$//; s/EPFD|[0-9.]+/N/g'
}
shapes=$(SELECTORS_BACKEND=epoll SELECTORS_TRACE=1 "$program" 2>&1 |
  normalised | shape)
shown=$(sed -n 's|^//   ||p' selectors/kernel/trace.h)
(( $(wc -l <<<"$shown") >= 4 )) || fail 'There is no example in trace.h.'
while IFS= read -r line; do
  grep -qxF -- "$(shape <<<"$line")" <<<"$shapes" ||
    fail "No trace has a line like this one of trace.h: $line"
done <<<"$shown"

for off in '' 0; do
  output=$(SELECTORS_TRACE=$off "$program" 2>&1)
  [[ ! $output ]] || fail "SELECTORS_TRACE='$off' printed: $output"
done
output=$(env -u SELECTORS_TRACE "$program" 2>&1)
[[ ! $output ]] || fail "Without SELECTORS_TRACE was printed: $output"
exit $failed
