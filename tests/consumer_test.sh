#!/bin/bash
# A workspace of its own, with none of our settings, can use the library, which has
# to build at -O0 with whatever standard the compiler takes for its own. Of the loop,
# callbacks are linked and run; a program that uses all of it is compiled.
set -eu
root=$(dirname "$(readlink -f WORKSPACE)")

for bazel in bazel bazelisk ''; do
  command -v "$bazel" >/dev/null && break
done
if [[ ! $bazel ]]; then
  echo 'SKIPPED: neither bazel nor bazelisk in the PATH of the test'
  exit 0
fi

# In the output base of the Bazel that runs this test: what is built here lasts
# until `bazel clean --expunge`. --batch, because a server would outlive the test.
cache=${TEST_TMPDIR%%/execroot/*}/consumer
unset TEST_TMPDIR  # The inner Bazel would build there.

# By bazelw, which knows what Debian's Bazel 7 needs where there is no registry.
cd "$root/tests/consumer"
output=$("$root/bazelw" --batch --output_user_root="$cache" \
  run --symlink_prefix=/ --nosandbox_debug --noshow_progress //:main)
echo "$output"
[[ $output == $'the pipe is readable\nthe loop says so, too' ]]
