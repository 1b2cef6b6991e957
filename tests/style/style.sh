# shellcheck shell=bash
# What the style checks share. Each of them is a function `check` that looks at
# the tree in the current folder and prints what it finds, one finding a line.
set -u
shopt -s globstar nullglob

tree=$(dirname "$(readlink -f WORKSPACE)")
failed=0

# Prints the C++ files of the tree.
sources() {
  local files=(selectors/**/*.{h,cc} timers/**/*.{h,cc} loop/**/*.{h,cc}
               examples/**/*.{h,cc} tests/**/*.{h,cc})
  (( ${#files[@]} == 0 )) || printf '%s\n' "${files[@]}"
}

skip() {
  echo "SKIPPED: $1"
  exit 0
}

# Runs `check` in a tree of one or more files: the name and the content of each.
check_files() {
  local dir
  dir=$(mktemp -d "$TEST_TMPDIR/tree.XXXXXX")
  while (( $# )); do
    mkdir -p "$(dirname "$dir/$1")"
    printf '%s\n' "$2" > "$dir/$1"
    shift 2
  done
  (cd "$dir" && check)
}

# A check that cannot fail proves nothing: these two show that it can, and that
# it does not cry wolf.
catches() {
  [[ $(check_files "$@") ]] && return
  printf 'The check let pass, as %s: %s\n' "${@: -2}"
  failed=1
}

allows() {
  local findings
  findings=$(check_files "$@")
  [[ $findings ]] || return
  printf 'The check minded, as %s: %s\n' "${@: -2}"
  echo "$findings"
  failed=1
}

# Checks the real tree and ends the test.
check_tree() {
  local findings
  findings=$(cd "$tree" && check)
  if [[ $findings ]]; then
    echo "$1"
    echo "$findings"
    failed=1
  fi
  exit $failed
}
