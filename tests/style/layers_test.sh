#!/bin/bash
# No layer reaches up, neither with an #include nor with a label in a BUILD file:
# selectors and timers know nothing of each other or of loop, whose layers are
# callbacks <- futures <- coroutines. On these stand tasks, locks <- queues,
# generators, runners and sockets, which know nothing of one another. Streams stand
# on locks, tasks and sockets, and subprocesses also on streams. Nothing but tests
# uses tests.
. tests/style/style.sh

# Prints what the layer in folder $1 may use, as a regular expression.
allowed() {
  case $1 in
    selectors*) echo 'selectors' ;;
    timers*) echo 'timers' ;;
    loop/callbacks*) echo 'selectors|timers|loop/callbacks' ;;
    loop/futures*) echo "$(allowed loop/callbacks)|loop/futures" ;;
    loop/coroutines*) echo "$(allowed loop/futures)|loop/coroutines" ;;
    loop/tasks*) echo "$(allowed loop/coroutines)|loop/tasks" ;;
    loop/locks*) echo "$(allowed loop/coroutines)|loop/locks" ;;
    loop/queues*) echo "$(allowed loop/locks)|loop/queues" ;;
    loop/generators*) echo "$(allowed loop/coroutines)|loop/generators" ;;
    loop/runners*) echo "$(allowed loop/coroutines)|loop/runners" ;;
    loop/sockets*) echo "$(allowed loop/coroutines)|loop/sockets" ;;
    loop/streams*)
      echo "$(allowed loop/sockets)|loop/tasks|loop/locks|loop/streams" ;;
    loop/subprocesses*) echo "$(allowed loop/sockets)|loop/(locks|tasks|streams|subprocesses)" ;;
    loop*) echo 'selectors|timers|loop' ;;
    examples*) echo 'selectors|timers|loop|examples' ;;
  esac
}

# Visibility names those above, and may.
check() {
  local file
  for file in {selectors,timers,loop,examples}/**/*.{h,cc} \
              {selectors,timers,loop,examples}/**/BUILD; do
    grep -nHE '^\s*#\s*include\s*"|"//' "$file" |
      grep -vE '"//([^"]*(:__pkg__|:__subpackages__|/\.\.\.)|visibility:.*)"' |
      grep -v '"//conditions:default"' |
      grep -vE "[\"<](//)?($(allowed "${file%/*}"))[/:\"]"
  done
}

catches selectors/a.h '#include "loop/loop.h"'
catches selectors/a.h '#include "timers/timer_heap.h"'
catches timers/a.h '#include "selectors/errors.h"'
catches loop/callbacks/a.h '#include "loop/futures/future.h"'
catches loop/futures/a.cc '#include "loop/coroutines/task.h"'
catches loop/coroutines/a.cc '#include "loop/tasks/sleep.h"'
catches loop/tasks/a.cc '#include "loop/locks/lock.h"'
catches loop/locks/a.cc '#include "loop/queues/queue.h"'
catches loop/sockets/a.cc '#include "loop/tasks/sleep.h"'
catches loop/coroutines/a.cc '#include "loop/sockets/socket.h"'
catches loop/sockets/a.cc '#include "loop/streams/stream.h"'
catches loop/streams/a.cc '#include "loop/queues/queue.h"'
catches examples/a.cc '#include "tests/support/pipe.h"'
catches loop/tasks/a.cc '#include "tests/support/pipe.h"'
catches selectors/BUILD '    deps = ["//loop/callbacks:event_loop"],'
catches loop/futures/BUILD '        "//loop/coroutines",'
catches loop/BUILD 'load("//tests:deps.bzl", "x")'
allows loop/futures/a.cc '#include "loop/callbacks/event_loop.h"'
allows loop/queues/a.h '#include "loop/locks/wait_queue.h"'
allows loop/tasks/a.cc '#include "selectors/errors.h"'
allows loop/streams/a.cc '#include "loop/locks/wait_queue.h"'
catches loop/sockets/a.cc '#include "loop/subprocesses/process.h"'
catches loop/subprocesses/a.cc '#include "loop/runners/runner.h"'
allows loop/subprocesses/a.h '#include "loop/locks/wait_queue.h"'
allows loop/loop.h '#include "loop/tasks/tasks.h"'
allows tests/loop/a.cc '#include "loop/loop.h"'
allows selectors/BUILD '    visibility = ["//loop:__subpackages__"],'
allows selectors/BUILD '    visibility = ["//visibility:public"],'
allows selectors/BUILD '        "//conditions:default": [":kqueue_selector"],'
allows loop/futures/BUILD '        "//loop/callbacks:event_loop",'
allows loop/callbacks/BUILD '        "//selectors",'

# The same once more, as Bazel sees it.
if [[ -s tests/style/reaching_up ]]; then
  echo 'These are below a layer that must not know them:'
  cat tests/style/reaching_up
  failed=1
fi
check_tree 'These reach up:'
