// Synchronous calls: f() is over before g() begins, so "in g()" always appears
// below "in f()". This order needs no code; every program runs like this.
//
// Try: let f() wait for a line of input (std::getline). g() waits, too,
// although it could do something better. The other programs solve this problem.

#include "examples/print_line.h"

void f() { examples::print_line("in f()"); }
void g() { examples::print_line("in g()"); }

int main() {
  f();
  g();
}
