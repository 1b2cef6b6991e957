#!/bin/bash
# Nobody argues about spaces: clang-format decides, and as each version of it
# decides otherwise, version 14 does.
. tests/style/style.sh
for clang_format in clang-format-14 clang-format ''; do
  [[ $("$clang_format" --version 2>/dev/null) == *' version 14.'* ]] && break
done
[[ $clang_format ]] || skip 'no clang-format of version 14 here'

check() {
  sources | xargs -r "$clang_format" --style="file:$tree/.clang-format" \
    --dry-run -Werror --ferror-limit=1 2>&1 | grep ': error:'
}

catches selectors/a.h 'int  x;'
allows selectors/a.h 'int x;'
check_tree 'Run clang-format -i on:'
