#!/bin/bash
# A program can `import loop;` and `import selectors;`. Compiled by clang 16 or
# later: g++ 14.2 crashes and 16.2 gives up ("recursive lazy load") on `import
# loop;`.
set -eu
archives=$(readlink -f tests/modules/archives/*.a)
cd "$(dirname "$(readlink -f WORKSPACE)")"

for clang in clang++-{25..16} clang++ ''; do
  command -v "$clang" >/dev/null &&
    "$clang" -E - <<< $'#if __clang_major__ < 16\n#error\n#endif' \
      &>/dev/null && break
done
if [[ ! $clang ]]; then
  echo 'SKIPPED: no clang 16 or later here'
  exit 0
fi

compile() {
  "$clang" -std=c++20 -fprebuilt-module-path="$TEST_TMPDIR" "$@"
}

# The #includes in the modules are meant. --config=strict sets STRICT.
flags=(-Wall -Wextra ${STRICT:+-Werror} -I.
       -Wno-include-angled-in-module-purview)
for module in selectors loop; do
  compile "${flags[@]}" --precompile $module/$module.cppm \
    -o "$TEST_TMPDIR/$module.pcm"
  compile -c "$TEST_TMPDIR/$module.pcm" -o "$TEST_TMPDIR/$module.o"
done
compile "${flags[@]}" -c tests/modules/main.cc -o "$TEST_TMPDIR/main.o"
"$clang" "$TEST_TMPDIR"/*.o -Wl,--start-group $archives -Wl,--end-group \
  -pthread -o "$TEST_TMPDIR/main"

output=$("$TEST_TMPDIR/main")
echo "$output"
[[ $output == $'readable\nHello Ada, Hello Guido' ]]
