// An event loop as the guest of GLib's: a GSource that watches its descriptor.

#include <glib.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "loop/callbacks/event_loop.h"

using namespace std::chrono_literals;

namespace {

struct GuestSource {
  GSource source;  // GLib's own part comes first.
  loop::EventLoop* guest;
  gpointer tag;
};

// Before GLib blocks. TRUE: there is something to do already.
gboolean prepare(GSource* source, gint* timeout) {
  const auto may_block =
      reinterpret_cast<GuestSource*>(source)->guest->prepare();
  *timeout = may_block.to_milliseconds();
  return *timeout == 0;
}

// After it has. A timer that is due shows in prepare() only.
gboolean check(GSource* source) {
  const auto* const guest = reinterpret_cast<GuestSource*>(source);
  return g_source_query_unix_fd(source, guest->tag) != 0 ||
         guest->guest->prepare().is_poll();
}

gboolean dispatch(GSource* source, GSourceFunc, gpointer) {
  reinterpret_cast<GuestSource*>(source)->guest->run_once(0ns);
  return G_SOURCE_CONTINUE;
}

GSource* attach(loop::EventLoop& guest) {
  static GSourceFuncs functions = {prepare, check,   dispatch,
                                   nullptr, nullptr, nullptr};
  GSource* const source = g_source_new(&functions, sizeof(GuestSource));
  auto* const ours = reinterpret_cast<GuestSource*>(source);
  ours->guest = &guest;
  ours->tag = g_source_add_unix_fd(source, guest.fileno(), G_IO_IN);
  g_source_attach(source, nullptr);
  return source;
}

}  // namespace

int main() {
  loop::EventLoop guest;
  GMainLoop* const host = g_main_loop_new(nullptr, FALSE);
  GSource* const source = attach(guest);
  int fds[2];
  if (::pipe(fds) != 0) return 1;
  guest.add_reader(fds[0], [&] {
    char byte;
    if (::read(fds[0], &byte, 1) != 1) return;
    std::puts("a reader");
    guest.remove_reader(fds[0]);
    guest.call_later(5ms, [&] {
      std::puts("a timer");
      std::thread([&] {
        guest.call_soon_threadsafe([&] {
          std::puts("a post");
          g_main_loop_quit(host);
        });
      }).detach();
    });
  });
  g_timeout_add(
      1,
      [](gpointer fd) -> gboolean {
        return ::write(*static_cast<int*>(fd), "x", 1) == 1 ? FALSE : TRUE;
      },
      &fds[1]);
  g_main_loop_run(host);
  g_source_destroy(source);
  g_source_unref(source);
  g_main_loop_unref(host);
  ::close(fds[0]);
  ::close(fds[1]);
}
