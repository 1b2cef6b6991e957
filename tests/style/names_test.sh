#!/bin/bash
# Names: each public name of an umbrella header has a row in a table of names, with
# its header, and each row has a declaration.
. tests/style/style.sh

# Compares the tables of each document with the headers that it covers; an umbrella
# header, which only includes, stands for the headers that it includes.
check() {
  perl -e '
    use strict;
    my %covered = (
      "selectors/README.md" => ["selectors/selectors.h"],
      "timers/README.md" => ["timers/timer_queue.h", "timers/sorted_timer_list.h",
                             "timers/timer_heap.h", "timers/timer_wheel.h"],
      "loop/NAMES.md" => ["loop/loop.h"],
    );

    sub text_of {
      open(my $file, "<", $_[0]) or return "";
      local $/;
      return <$file> // "";
    }

    # Returns the names that a header declares at the level of its namespace.
    # Relies on clang-format: only what begins in the first column is there.
    sub names_of {
      my $text = text_of($_[0]);
      $text =~ s{^namespace (\w*internal)\b.*?^\}  // namespace \1}{}msg;
      $text =~ s{//[^\n]*}{}g;
      $text =~ s/^#[^\n]*(\\\n[^\n]*)*//mg;
      $text =~ s/\bdecltype\(auto\)/auto/g;
      $text =~ s/\brequires\s*(\((?:[^()]++|(?1))*\))\s*//g;
      $text =~ s/[^\n]*\boperator co_await\b//g;
      my @names = map { /^\s*(\w+)/ ? $1 : () } map { split /,/ }
          $text =~ /^enum \w+ \{(.*?)\}/msg;
      $text =~ s/\{\n(?:[ ][^\n]*\n|\n)*\}/{}/mg;  # Bodies.
      $text =~ s/^namespace [\w:]+ \{|^\}$//mg;
      while ($text =~ /^(?=\S)
          (?:template\ <.*?>\n(?:requires\b[^;{]*?\n?)?\s*)?
          (?:(?:class|struct|enum(?:\ class)?)\s+(?:\[\[\w+\]\]\s+)?
                 (\w+)(?=\s*(?:final\s*)?(?::[^:]|\{))
           |using\s+(?:\w+::)*(\w+)\s*(?:=|;)
           |concept\s+(\w+)\s*=
           |(?:inline\s+)?constexpr\s+[\w:]+\s+(\w+)(?:\s*=|;|\{)
           |(?!using|class|struct|enum|namespace|friend|static_assert|requires)
            [\w:\[][^\n;{}()=]*?[\s&*>](?!operator|requires|decltype)(\w+)\()
          /mgx) {
        push @names, grep { defined } ($1, $2, $3, $4, $5);
      }
      my %unique = map { $_ => 1 } @names;
      return sort keys %unique;
    }

    # Returns the headers that umbrella headers stand for.
    sub headers_of {
      my @found;
      while (defined(my $header = shift @_)) {
        my $text = text_of($header);
        if ($text =~ /^namespace/m) { push @found, $header; next; }
        push @_, $text =~ m{^#include "([^"]+)"}mg;
      }
      return @found;
    }

    for my $document (sort keys %covered) {
      my $text = text_of($document);
      my ($folder) = $document =~ m{(.*/)};
      my %library;
      if ($text =~ s/^## For the library itself\n(.*?)(?=^## |\z)//ms) {
        $library{$_} = 0 for $1 =~ /`(\w+)`/g;
      }
      my %rows;
      push @{$rows{$1}}, "$folder$2"
          while $text =~ m{^\| `(\w+)` \| \[[^\]]*\]\(([\w/.]+)\) \|}mg;
      for my $header (headers_of(@{$covered{$document}})) {
        for my $name (names_of($header)) {
          ++$library{$name} if exists $library{$name};
          print "$document: $name of $header has no row\n"
              unless $rows{$name} || exists $library{$name};
        }
      }
      for my $name (sort keys %rows) {
        for my $header (@{$rows{$name}}) {
          print "$document: $header does not declare $name\n"
              unless grep { $_ eq $name } names_of($header);
        }
      }
      for my $name (sort keys %library) {
        print "$document: $name is for the library, and has a row\n"
            if $rows{$name};
        print "$document: $name is for the library, and not declared\n"
            unless $library{$name};
      }
    }'
}

umbrella='#include "selectors/a.h"'
header='
namespace selectors {
namespace a_internal {
class Hidden {};
}  // namespace a_internal

class Later;

template <class T>
class [[nodiscard]] A : public B {
 public:
  void member();
};

template <class T>
concept Concept = requires(T& t) {
  t.f();
};

inline constexpr int CONSTANT = 1;

enum When { FIRST, ALL };
enum class Why {
  kBecause,  // Of that.
};

using Number = int;

template <class F>
requires(Concept<F&>) A<F> function(
    F f);

int* pointer(const char* format, ...);

template <class... F>
[[nodiscard]] auto several(F... f);
}  // namespace selectors'

# Prints a table with a row for each name.
table() {
  local name
  for name in "$@"; do echo "| \`$name\` | [a.h](a.h) | a line | – |"; done
}
names=(A Concept CONSTANT When FIRST ALL Why Number function pointer several)
tree_with() {
  "$1" selectors/selectors.h "$umbrella" selectors/a.h "$header" \
    selectors/README.md "$2"
}
tree_with allows "$(table "${names[@]}")"
for name in "${names[@]}"; do
  others=$(table "${names[@]}" | grep -v "\`$name\`")
  tree_with catches "$others"
  tree_with allows "$others

## For the library itself

It also declares \`$name\`."
done
tree_with catches "$(table "${names[@]}" Hidden)"
tree_with catches "$(table "${names[@]}" Later)"
tree_with catches "$(table "${names[@]}" member)"
tree_with catches "$(table "${names[@]}" | sed 's|(a.h)|(b.h)|')"
tree_with catches "$(table "${names[@]}")

## For the library itself

\`gone\`"
tree_with catches "$(table "${names[@]}")

## For the library itself

\`A\`"
catches selectors/README.md "$(table A)"
catches selectors/selectors.h "$umbrella" selectors/a.h "$header"
check_tree 'The tables of names and the headers differ:'
