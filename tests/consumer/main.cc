// What a program of a user of the library looks like.
#include <unistd.h>

#include <any>
#include <chrono>
#include <iostream>
#include <string>

#include "loop/callbacks/callbacks.h"
#include "selectors/selectors.h"

int main() {
  int fds[2];
  if (::pipe(fds) != 0) return 1;

  selectors::DefaultSelector selector;
  selector.register_(fds[0], selectors::EVENT_READ, std::string("the pipe"));
  if (::write(fds[1], "x", 1) != 1) return 1;
  for (const auto& [key, events] : selector.select(std::chrono::seconds(1))) {
    std::cout << std::any_cast<std::string>(key.data) << " is "
              << (events == selectors::EVENT_READ ? "readable\n" : "odd\n");
  }

  loop::EventLoop event_loop;
  event_loop.add_reader(fds[0], [&] {
    std::cout << "the loop says so, too\n";
    event_loop.stop();
  });
  event_loop.run_forever();
}
