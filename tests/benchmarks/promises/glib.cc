// GLib's loop, GMainLoop.

#include <glib-unix.h>
#include <glib.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include "tests/benchmarks/promises/any_loop.h"

namespace promises {
namespace {

class GlibLoop : public AnyLoop {
 public:
  void run() override { g_main_loop_run(loop_); }
  void stop() override { g_main_loop_quit(loop_); }
  std::size_t start_timer(Delay delay, Function function) override {
    auto& node = sources_.add(*this, std::move(function));
    node.native = g_timeout_source_new(static_cast<guint>(ceil_ms(delay)));
    g_source_set_callback(node.native, on_timer, &node, nullptr);
    g_source_attach(node.native, context_);
    return sources_.last();
  }
  void cancel_timer(std::size_t timer) override {
    g_source_destroy(sources_[timer]);
  }
  std::size_t watch(int fd, Function function) override {
    auto& node = sources_.add(*this, std::move(function));
    node.native = g_unix_fd_source_new(fd, G_IO_IN);
    // GLib converts the function back to its true type.
    g_source_set_callback(node.native, G_SOURCE_FUNC(on_readable), &node,
                          nullptr);
    g_source_attach(node.native, context_);
    return sources_.last();
  }
  void unwatch(std::size_t watcher) override {
    g_source_destroy(sources_[watcher]);
  }
  Delay resolution() const override { return std::chrono::milliseconds(1); }
  Delay longest() const override {
    return std::chrono::milliseconds(std::numeric_limits<guint>::max());
  }

 private:
  static gboolean on_timer(gpointer node) {
    run_node<GSource*>(node);
    return G_SOURCE_REMOVE;
  }
  static gboolean on_readable(gint, GIOCondition, gpointer node) {
    run_node<GSource*>(node);
    return G_SOURCE_CONTINUE;
  }
  GMainContext* const context_ = g_main_context_new();
  GMainLoop* const loop_ = g_main_loop_new(context_, FALSE);
  Nodes<GSource*> sources_;
};

}  // namespace

std::unique_ptr<AnyLoop> make_loop() { return std::make_unique<GlibLoop>(); }

}  // namespace promises
