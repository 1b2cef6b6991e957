#!/bin/bash
# Doxygen: each public name that a table of names lists, and each of its public
# members, has a comment that begins with `///`.
. tests/style/style.sh

command -v doxygen >/dev/null || skip "no doxygen here"

# Prints "name header" for each row of the tables of names.
rows() {
  local document
  for document in selectors/README.md timers/README.md loop/NAMES.md; do
    [[ ! -e $document ]] ||
      sed -nE "s,^\| \`(\w+)\` \| \[[^]]*\]\(([a-z_/]+\.h)\) .*,\1 ${document%/*}/\2,p" \
        "$document"
  done
}

# Prints what doxygen finds undocumented in the headers. It is told that the
# namespaces are documented; otherwise it passes over functions and types in them.
# Protected members are for the library. The last words of a finding are the class
# or namespace of the member.
run_doxygen() {
  local namespaces
  namespaces=$(mktemp "$TEST_TMPDIR/namespaces.XXXXXX.h")
  printf '/// Documented.\nnamespace %s {}\n' selectors timers loop > "$namespaces"
  doxygen - 2>&1 >/dev/null <<END | grep 'is not documented'
INPUT = $* $namespaces
EXCLUDE_SYMBOLS = *internal *internal::*
INPUT_FILTER = "sed 's/^ *protected:/ private:/'"
INHERIT_DOCS = NO
EXTRACT_ALL = NO
WARN_IF_UNDOCUMENTED = YES
WARN_FORMAT = "\$file:\$line: \$text"
QUIET = YES
GENERATE_HTML = NO
GENERATE_LATEX = NO
END
}

# Doxygen 1.9 passes over concepts, enumerators, and classes without functions and
# variables: prints those of the names $1 (`A|B`) that the headers do not document.
check_the_rest() {
  perl -0777 -s -ne '
    s~^namespace (\w*internal)\b.*?^\}  // namespace \1~~msg;
    while (m~^(?!///)[^\n]*(?<!>)\n
             (?:template\ <[^;{]*?>\n)?
             (?:concept|class|struct)\ (?:\[\[\w+\]\]\ )?($names)\ [^;{]*[{;]~xmg) {
      print "$ARGV: $1 is not documented\n";
    }
    while (m~^enum (?:class )?(\w+)[^\n;]*\{\n(.*?)^\};~msg) {
      my ($enum, $documented) = ($1, 0);
      for (split /\n/, $2) {
        if (m~^ *///~) { $documented = 1; next; }
        next unless m~^  (\w+)~;
        print "$ARGV: $enum, $1 is not documented\n" unless $documented || m~///<~;
        $documented = 0;
      }
    }' -- -names="$1" "${@:2}"
}

# The rules of the language, not the comment, say what these members do.
required_by_the_language() {
  grep -E \
    -e 'Member (\w+)\((const )?\1 &&?\w*\)' \
    -e 'Member await_(ready|suspend|resume)\(' \
    -e 'Member operator(=|\+\+)\(' \
    -e 'Member .* -> .*\(function\) of namespace' \
    -e '(Compound|of class|of struct) .*::(\w*Awaiter|promise_type)\b' \
    -e 'Member promise_type \(typedef\)' \
    -e 'Member (operator.*\((function|friend)\)|\w+ \(typedef\)) of (class|struct) .*::[Ii]terator\b' \
    "$@"
}

check() {
  local names headers
  names=$(rows | cut -d' ' -f1 | paste -sd'|')
  mapfile -t headers < <(rows | cut -d' ' -f2 | sort -u)
  (( ${#headers[@]} )) || return
  {
    run_doxygen "${headers[@]}" | required_by_the_language -v |
      grep -E -e "(Compound \w+::($names)[^:]*::|of (class|struct) \w+::($names)\b)" \
        -e "Member (($names)\b|operator).* of namespace \w+ is"
    check_the_rest "$names" "${headers[@]}"
  } | sed -e "s|^$PWD/||" -e 's/ warning://' | sort -u
}

# A header with a documented class, which has the member $1, and with $2 behind it.
header() {
  printf '%s\n' 'namespace loop {' '/// A class.' 'template <class T>' 'class A {' \
    ' public:' "$1" ' private:' '  void f();' '};' "${2-}" '}  // namespace loop'
}
tree_with() {
  "$1" loop/NAMES.md '| `A` | [a.h](a.h) | a class | – |
| `C` | [a.h](a.h) | a concept | – |
| `Number` | [a.h](a.h) | a type | – |
| `E` | [a.h](a.h) | an enumeration | – |
| `f` | [a.h](a.h) | a function | – |' loop/a.h "$(header "${@:2}")"
}
documented='' protected=' protected:'
for member in 'void g();' 'A(int x);' 'bool operator==(const A&) const;' \
  'friend bool operator<(const A&, const A&) { return true; }' \
  'template <class F> requires(C<F>) void h(F f);' 'using Type = int;' \
  'struct Nested { Nested(Nested&&); };' 'int member;' 'static constexpr int kConstant = 1;' \
  'auto operator co_await() const;' 'void i() override;'; do
  tree_with catches "  // A comment.
  $member"
  documented+="  /// A comment.
  $member
"
  protected+="
  $member"
done
tree_with allows "$documented"
tree_with allows "$protected"
tree_with allows '  A() = default;
  A(const A& a);
  A(A&& other) noexcept;
  A& operator=(const A&) = default;
  A& operator=(A&&) noexcept;
  ~A();
  using promise_type = int;
  struct Awaiter {
    bool await_ready();
    void f();
  };'
documented=''
for declaration in 'int f();' 'using Number = int;' 'class C {};' \
  'enum class E { kA };' 'template <class T>
requires(C<T> || true) T f(T t);' 'template <class T>
concept C = requires(T& t) {
  { t.f() } -> std::same_as<int>;
};'; do
  tree_with catches '' "
// A comment.
$declaration"
  documented+="
/// A comment.
$declaration"
done
tree_with allows '' "$documented"
tree_with catches '' '/// An enumeration.
enum class E {
  kA,  ///< A.
  kB,
};'
tree_with allows '' '/// An enumeration.
enum class E {
  kA,  ///< A.
  /// B.
  kB,
};'
tree_with allows '' 'int not_in_the_table();
namespace a_internal {
class C {};
void f();
}  // namespace a_internal
template <class T>
A(T) -> A<T>;'
check_tree 'Public names without a comment that begins with ///:'
