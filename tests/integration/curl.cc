// libcurl's multi interface with an event loop of ours. 20 slots transfer three
// pages each. The server ends the connection after a page, so that libcurl
// closes a socket and opens the number again for the next page. A server that
// does not answer and one that does not exist come on top.

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <list>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/handle.h"
#include "tests/support/readme.h"

using namespace std::chrono_literals;

namespace {

// ---- As in the README ----

struct Transfers {
  void act(int fd, int events);  // Calls curl_multi_socket_action().
  loop::EventLoop& loop;
  CURLM* const multi = curl_multi_init();
  loop::TimerHandle timer = {};
};

int watch(CURL*, int fd, int events, void* data, void*) noexcept {
  auto* const self = static_cast<Transfers*>(data);
  self->loop.remove_reader(fd);
  self->loop.remove_writer(fd);
  if (events & CURL_POLL_IN)  // CURL_POLL_REMOVE has neither bit.
    self->loop.add_reader(fd, [=] { self->act(fd, CURL_CSELECT_IN); });
  if (events & CURL_POLL_OUT)
    self->loop.add_writer(fd, [=] { self->act(fd, CURL_CSELECT_OUT); });
  return 0;
}

int set_timer(CURLM*, long ms, void* data) noexcept {
  auto* const self = static_cast<Transfers*>(data);
  self->timer.cancel();
  if (ms < 0) return 0;
  const auto act = [=] { self->act(CURL_SOCKET_TIMEOUT, 0); };
  self->timer = self->loop.call_later(ms * 1ms, act);
  return 0;
}

// ---- What they do ----

// The sockets that libcurl has opened. Tells numbers that are used again.
int opened = 0;
std::set<int> numbers;

curl_socket_t open_socket(void*, curlsocktype, curl_sockaddr* address) {
  const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC,
                          address->protocol);
  ++opened;
  numbers.insert(fd);
  return fd;
}

// A transfer, which is begun again under another path until `left` is 0.
struct Slot {
  CURLM* multi;
  std::string base;
  int left;
  std::string body = {};
  std::string path = {};
  CURL* const easy = curl_easy_init();
};

std::map<std::string, int> outcomes;
int active = 0;

std::size_t keep(char* data, std::size_t, std::size_t size, void* slot) {
  static_cast<Slot*>(slot)->body.append(data, size);
  return size;
}

void begin(Slot& slot) {
  slot.body.clear();
  slot.path = "/" + std::to_string(slot.left);
  --slot.left;
  curl_easy_setopt(slot.easy, CURLOPT_URL, (slot.base + slot.path).c_str());
  curl_multi_add_handle(slot.multi, slot.easy);
}

const char* outcome_of(CURLcode result, bool is_page) {
  switch (result) {
    case CURLE_OK:
      return is_page ? "the page" : "another page";
    case CURLE_COULDNT_CONNECT:
      return "refused";
    case CURLE_OPERATION_TIMEDOUT:
      return "timed out";
    default:
      return curl_easy_strerror(result);
  }
}

void finish(CURL* transfer, CURLcode result) {
  Slot* slot;
  curl_easy_getinfo(transfer, CURLINFO_PRIVATE, &slot);
  ++outcomes[outcome_of(result, slot->body == "page " + slot->path)];
  curl_multi_remove_handle(slot->multi, transfer);
  if (slot->left > 0) return begin(*slot);
  curl_easy_cleanup(transfer);
  --active;
}

void Transfers::act(int fd, int events) {
  int count;
  curl_multi_socket_action(multi, fd, events, &count);
  while (CURLMsg* const message = curl_multi_info_read(multi, &count))
    finish(message->easy_handle, message->data.result);
}

void add(std::list<Slot>& slots, Slot slot, long timeout_ms) {
  Slot& added = slots.emplace_back(std::move(slot));
  curl_easy_setopt(added.easy, CURLOPT_PRIVATE, &added);
  curl_easy_setopt(added.easy, CURLOPT_WRITEDATA, &added);
  curl_easy_setopt(added.easy, CURLOPT_WRITEFUNCTION, keep);
  curl_easy_setopt(added.easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  curl_easy_setopt(added.easy, CURLOPT_TIMEOUT_MS, timeout_ms);
  curl_easy_setopt(added.easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(added.easy, CURLOPT_PROXY, "");
  ++active;
  begin(added);
}

// Binds a socket to a free port, which refuses connections until listen().
// Returns its base URL.
std::string bind_to_free_port(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd, generic, size) != 0) std::perror("bind");
  ::getsockname(fd, generic, &size);
  return "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

bool readme_shows_this() {
  const auto source = tests::text_of("tests/integration/curl.cc");
  const auto shown = tests::programs_of("loop/README.md", "Client libraries");
  return shown.size() == 1 && source.find(shown[0]) != source.npos;
}

}  // namespace

// The argument is the base URL of a server.
int main(int, char** arguments) {
  const int refusing = ::socket(AF_INET, SOCK_STREAM, 0);
  const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
  const std::string refusing_url = bind_to_free_port(refusing);
  const std::string silent_url = bind_to_free_port(silent);
  ::listen(silent, 1);  // Connects, and never answers.

  loop::EventLoop loop;
  Transfers transfers{.loop = loop};
  curl_multi_setopt(transfers.multi, CURLMOPT_SOCKETDATA, &transfers);
  curl_multi_setopt(transfers.multi, CURLMOPT_SOCKETFUNCTION, watch);
  curl_multi_setopt(transfers.multi, CURLMOPT_TIMERDATA, &transfers);
  curl_multi_setopt(transfers.multi, CURLMOPT_TIMERFUNCTION, set_timer);

  std::list<Slot> slots;
  for (int i = 0; i < 20; ++i)
    add(slots, {transfers.multi, arguments[1], 3}, 0);
  add(slots, {transfers.multi, silent_url, 1}, 50);
  add(slots, {transfers.multi, refusing_url, 1}, 0);
  while (active > 0) loop.run_once();
  curl_multi_cleanup(transfers.multi);

  for (const auto& [outcome, count] : outcomes)
    std::printf("%s: %d\n", outcome.c_str(), count);
  const auto reused = opened - static_cast<int>(numbers.size());
  std::printf("numbers were used again: %s\n", reused >= 20 ? "yes" : "no");
  std::printf("in the README: %s\n", readme_shows_this() ? "yes" : "no");
}
