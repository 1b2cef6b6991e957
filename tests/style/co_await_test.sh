#!/bin/bash
# g++ 12 destroys a temporary lambda with captures twice if it stands inside a
# co_await expression. Name it first, then move it in.
. tests/style/style.sh

# Perl, because brackets nest. From each co_await it walks to the end of the
# expression, over closed brackets and into open ones, but not into the bodies
# of other lambdas, and looks for a capture list that is not empty.
check() {
  sources | xargs -r perl -0777 -ne '
    s{(//[^\n]*|/\*.*?\*/)}{$1 =~ tr/\n//cdr}gse;  # Comments may say it.
    my $block = qr/(\{(?:[^{}]++|(?-1))*\})/;
    my $group = qr/(\((?:[^(){}]++|(?-1)|$block)*\))/;
    my $begins = qr/[(,=?:]|(?<![\s\])])\{|&&|\|\|/;
    while (/\bco_await\b
            (?:(?:[^;(){}]|$group|$block|\(|(?<![\s\])])\{)*?$begins)?
            \s*\[[^\[\]]+\]\s*(?:[({<]|mutable\b|noexcept\b|->)/gsx) {
      my $line = 1 + (substr($_, 0, $-[0]) =~ tr/\n//);
      print "$ARGV:$line: a lambda with captures inside co_await\n";
      pos() = $-[0] + 8;  # The next may begin within this one.
    }'
}

catches loop/a.h 'co_await f([x] { g(x); });'
catches loop/a.h 'co_await f(1, [&x]() mutable { g(x); });'
catches loop/a.h 'co_await [this]() -> Task<int> { co_return 1; }();'
catches loop/a.h 'int y = co_await g([] { a(); b(); }, [=] { h(); });'
catches tests/a.cc 'co_await Awaiter{[x](int i) { return i; }};'
catches tests/a.cc 'co_await Awaiter{1, [x](int i) { return i; }};'
catches loop/a.h 'f(co_await g(), [x] { h(x); });'
catches loop/a.h 'co_await gather(f(), co_await h(), g([x] { y(x); }));'
catches loop/a.h 'co_await
    f(a,
      [x = 1] { g(x); });'
allows loop/a.h 'co_await f([] { g(); });'
allows loop/a.h 'auto g = [x] { h(x); }; co_await f(std::move(g));'
allows loop/a.h 'auto g = [x]() -> Task<> { co_await f(); };'
allows loop/a.h 'co_await f(a[i]); auto g = [x] { h(x); };'
allows loop/a.h '// Never co_await f([x] { g(x); });'
allows loop/a.h 'if (co_await f()) { g([x] { h(x); }); }'
allows loop/a.h 'if (co_await f()) { g(); } h([x] { y(x); });'
allows loop/a.h 'co_await f([] { g([x] { h(x); }); });'
allows loop/a.h 'for (int i : co_await f()) { g([x] { h(x); }); }'
check_tree 'Name these lambdas before the co_await:'
