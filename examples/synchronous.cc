// What synchronous means: f() is over before g() begins, so "in g()" always
// stands below "in f()". Nobody has to say so; it is how a program runs.
//
// Try: let f() wait for a line of input (std::getline). g() waits, too, and it
// could have had something better to do. The other programs are about that.

#include "examples/print_line.h"

void f() { examples::print_line("in f()"); }
void g() { examples::print_line("in g()"); }

int main() {
  f();
  g();
}
