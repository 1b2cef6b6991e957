// hiredis's asynchronous interface with an event loop of ours: 100 commands at
// once, an end that the client asks for, and one that the server does.

#include <hiredis/async.h>

#include <cstdio>
#include <string>

#include "loop/callbacks/event_loop.h"

namespace {

// The part of a connection that hiredis calls by its `ev`. hiredis asks for a
// writer once per command, so the adapter remembers which handlers exist;
// `cleanup` comes before hiredis closes the descriptor.
struct Watch {
  loop::EventLoop& loop;
  redisAsyncContext* const redis;
  const int fd = redis->c.fd;
  bool reads = false;
  bool writes = false;
};

Watch& watch_of(void* data) { return *static_cast<Watch*>(data); }

void add_read(void* data) noexcept {
  Watch& watch = watch_of(data);
  if (watch.reads) return;
  const auto read = [redis = watch.redis] { redisAsyncHandleRead(redis); };
  watch.loop.add_reader(watch.fd, read);
  watch.reads = true;
}

void del_read(void* data) noexcept {
  Watch& watch = watch_of(data);
  watch.loop.remove_reader(watch.fd);
  watch.reads = false;
}

void add_write(void* data) noexcept {
  Watch& watch = watch_of(data);
  if (watch.writes) return;
  const auto write = [redis = watch.redis] { redisAsyncHandleWrite(redis); };
  watch.loop.add_writer(watch.fd, write);
  watch.writes = true;
}

void del_write(void* data) noexcept {
  Watch& watch = watch_of(data);
  watch.loop.remove_writer(watch.fd);
  watch.writes = false;
}

void clean_up(void* data) noexcept {
  del_read(data);
  del_write(data);
  delete static_cast<Watch*>(data);
}

void attach(loop::EventLoop& loop, redisAsyncContext* redis) {
  redis->ev.data = new Watch{loop, redis};
  redis->ev.addRead = add_read;
  redis->ev.delRead = del_read;
  redis->ev.addWrite = add_write;
  redis->ev.delWrite = del_write;
  redis->ev.cleanup = clean_up;
}

// ---- A program ----

loop::EventLoop* running = nullptr;
int answers = 0;

redisAsyncContext* connect(const char* path) {
  redisAsyncContext* const redis = redisAsyncConnectUnix(path);
  attach(*running, redis);
  redisAsyncSetConnectCallback(redis, [](const redisAsyncContext*, int status) {
    std::printf("connected: %s\n", status == REDIS_OK ? "yes" : "no");
  });
  redisAsyncSetDisconnectCallback(
      redis, [](const redisAsyncContext* context, int status) {
        std::printf("disconnected: %s\n",
                    status == REDIS_OK ? "asked for" : context->errstr);
        running->stop();
      });
  return redis;
}

// The answers come in the order of the commands.
void count(redisAsyncContext* redis, void* data, void*) {
  const auto* const reply = static_cast<redisReply*>(data);
  if (reply == nullptr || reply->integer != answers + 1) return;
  if (++answers == 100) redisAsyncDisconnect(redis);
}

}  // namespace

// The argument is the path of the server's socket.
int main(int, char** arguments) {
  loop::EventLoop loop;
  running = &loop;
  redisAsyncContext* redis = connect(arguments[1]);
  const int fd = redis->c.fd;
  for (int i = 0; i < 100; ++i)
    redisAsyncCommand(redis, count, nullptr, "INCR counter");
  loop.run_forever();
  std::printf("%d answers\n", answers);

  redis = connect(arguments[1]);
  std::printf("the number again: %s\n", redis->c.fd == fd ? "yes" : "no");
  redisAsyncCommand(redis, nullptr, nullptr, "SHUTDOWN NOSAVE");
  loop.run_forever();
}
