#!/bin/bash
# Prose: the rules for READMEs and the comments of headers that a program can
# check. CONTRIBUTING.md has all of them.
. tests/style/style.sh

# A header begins with its subject, and no comment only points to another: a
# tooltip shows one comment alone. Of all words that a reader sees (comments, and
# documents without their examples of code) at most 4 in 1,000 are "what" or "who".
check() {
  local texts=(*.md {selectors,timers,loop,examples,tests}/**/*.md
               {selectors,timers,loop,examples}/**/*.h)
  (( ${#texts[@]} == 0 )) || perl -0777 -ne '
    my $prose = $_;
    if ($ARGV =~ m{\.h$}) {
      $prose = join "\n", m{//+ ?([^\n]*)}g;
      print "$ARGV:1: the header begins with \"$1\"\n"
          if m{\A//+ *(Who(?:se|m)?|What|How|Which|Where|When)\b};
      # A comment is the end of one line, and all of those that follow.
      while (m{^([^\n]*?)//+<?[ ]([^\n]*(?:\n[ ]*//+[ ]?[^\n]*)*)}mg) {
        my ($code, $comment) = ($1, $2);
        my $line = 1 + substr($_, 0, $-[0]) =~ tr/\n//;
        next if $code =~ /\S/ && $comment =~ /^See\b/;  # The reason for the code.
        $comment =~ s{\s*\n *//+ *}{ }g;
        print "$ARGV:$line: the comment is only a reference: $comment\n"
            if $comment =~ m{^(?:The\ same
                                |See
                                |Like(?!\ Python)
                                |As(?!\ (?:in|an?|the|long|soon|far|much|many)\b)
                              )\b(?:[^.;]|\.(?=\S))*\.?$}x;
      }
    } else {
      $prose =~ s{^ *```.*?^ *```}{}msg;
    }
    my $words = () = $prose =~ /[A-Za-z]+/g;
    my $found = () = $prose =~ /\b(?:what|who)\b/gi;
    $all_words += $words;
    $all_found += $found;
    push @worst, [$found, "  $ARGV: $found of $words\n"] if 1000 * $found > 4 * $words;
    END {
      if (1000 * $all_found > 4 * $all_words) {
        print "$all_found of $all_words words are \"what\" or \"who\":\n";
        print map { $_->[1] } sort { $b->[0] <=> $a->[0] } @worst;
      }
    }' "${texts[@]}"
}

words=$(printf 'a word %.0s' {1..125})
for word in What Who How Which Where When; do
  catches loop/a.h "// $word waits for a future. $words"
  catches loop/a.h "/// $word waits for a future. $words"
done
for reference in 'The same for writing.' 'As Lock.' 'Like Lock.' \
  'As that of Lock, but later.' 'See Lock::acquire().' \
  'The same for a task that
  // waits.'; do
  catches loop/a.h "// \`Lock\`: a lock.

  // $reference
  void f();"
  [[ $reference == See* ]] || catches loop/a.h "void f();  // $reference"
done
catches README.md "what $words Who $words what"
catches loop/a.h "// A what $words Who $words what"
allows README.md "what $words Who $words"
allows README.md "$words
\`\`\`
what who what who
\`\`\`"
allows loop/a.h '// `Lock`: mutual exclusion between tasks.'
allows loop/a.h '// `Lock`: a lock.

  // Calls `callback` for writing. The same
  // As add_reader() does.
  void add_writer();'
allows loop/a.h '// `Lock`: a lock.

  // Acquires the lock.
  // See Lock::acquire().
  void acquire();'
allows loop/a.h '// `Lock`: a lock.

  // See Lock::acquire(). Throws RuntimeError after close().
  void acquire();'
allows loop/a.h '// `Lock`: a lock.

  // As long as the lock is held, other tasks wait.
  void acquire();'
allows loop/a.h '// `Lock`: a lock.

  bool locked_;  // See acquire().'
allows loop/a.cc '// What waits for a future.'
check_tree 'Say it in plain English:'
