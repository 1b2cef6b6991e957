// c-ares with an event loop of ours: several names at a time, the same again
// with a socket that c-ares opened anew, and a server that does not answer.

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/time.h>

#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <set>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"

using namespace std::chrono_literals;

namespace {

// A resolver: a channel of c-ares and a timer for the earliest time-out of its
// queries. c-ares never asks for the timer, so begin() and act() set it.
class Resolver {
 public:
  Resolver(loop::EventLoop& loop, const char* server, int timeout_ms)
      : loop_(loop) {
    ares_options options{};
    options.flags = ARES_FLAG_NOSEARCH;
    options.timeout = timeout_ms;
    options.tries = 1;
    char dns[] = "b";
    options.lookups = dns;
    options.sock_state_cb = watch;
    options.sock_state_cb_data = this;
    ares_init_options(&channel_, &options,
                      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                          ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    ares_set_servers_ports_csv(channel_, server);
  }
  ~Resolver() {
    ares_destroy(channel_);
    timer_.cancel();
  }

  void begin(const std::string& name, ares_host_callback answer, void* data) {
    ares_gethostbyname(channel_, name.c_str(), AF_INET, answer, data);
    set_timer();
  }

  std::set<int> numbers;
  int opened = 0;

 private:
  // Called when a socket has been opened and before it is closed, and for TCP
  // when there is something to write.
  static void watch(void* data, int fd, int read, int write) noexcept {
    auto* const self = static_cast<Resolver*>(data);
    self->loop_.remove_reader(fd);
    self->loop_.remove_writer(fd);
    if (read)
      self->loop_.add_reader(fd, [=] { self->act(fd, ARES_SOCKET_BAD); });
    if (write)
      self->loop_.add_writer(fd, [=] { self->act(ARES_SOCKET_BAD, fd); });
    if (read || write) {
      ++self->opened;
      self->numbers.insert(fd);
    }
  }

  void act(int readable, int writable) {
    ares_process_fd(channel_, readable, writable);
    set_timer();
  }

  void set_timer() {
    timeval left;
    if (ares_timeout(channel_, nullptr, &left) == nullptr)
      return timer_.cancel();
    const auto when = loop_.time() + left.tv_sec * 1s + left.tv_usec * 1us;
    if (timer_.reschedule(when)) return;
    timer_ =
        loop_.call_at(when, [this] { act(ARES_SOCKET_BAD, ARES_SOCKET_BAD); });
  }

  loop::EventLoop& loop_;
  ares_channel channel_ = nullptr;
  loop::TimerHandle timer_;
};

// ---- A program ----

std::set<std::string> answers;
int active = 0;

void answer(void*, int status, int, hostent* host) {
  --active;
  if (status != ARES_SUCCESS) {
    answers.insert(ares_strerror(status));
    return;
  }
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof(text));
  answers.insert(std::string(host->h_name) + " " + text);
}

void ask(loop::EventLoop& loop, Resolver& resolver,
         std::initializer_list<const char*> names) {
  answers.clear();
  for (const char* const name : names) {
    ++active;
    resolver.begin(name, answer, nullptr);
  }
  while (active > 0) loop.run_once();
  for (const std::string& line : answers) std::puts(line.c_str());
}

}  // namespace

// The argument is the address of a server.
int main(int, char** arguments) {
  ares_library_init(ARES_LIB_INIT_ALL);
  {
    loop::EventLoop loop;
    Resolver resolver(loop, arguments[1], 30'000);
    ask(loop, resolver, {"one.test", "two.test", "four.test", "no.test"});
    ask(loop, resolver, {"three.test"});
    const auto used = static_cast<int>(resolver.numbers.size());
    std::printf("%d sockets, %d number\n", resolver.opened, used);

    Resolver impatient(loop, arguments[1], 50);
    ask(loop, impatient, {"silent.test"});
  }
  ares_library_cleanup();
}
