// libpq's asynchronous interface with an event loop of ours: a connection for
// which libpq closes two sockets and opens their number again, queries, and a
// notification.

#include <libpq-fe.h>
#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/running_loop.h"
#include "loop/coroutines/coroutine.h"
#include "loop/locks/event.h"
#include "loop/runners/runner.h"
#include "loop/sockets/readiness.h"

namespace {

// The sockets of all connections, as their inodes, and their numbers.
std::set<ino_t> sockets;
std::set<int> numbers;

int note(int fd) {
  struct stat status;
  if (::fstat(fd, &status) == 0) sockets.insert(status.st_ino);
  numbers.insert(fd);
  return fd;
}

class Connection {
 public:
  explicit Connection(const std::string& target)
      : postgres_(PQconnectStart(target.c_str())) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    const int fd = PQsocket(postgres_);
    loop_.remove_reader(fd);
    loop_.remove_writer(fd);
    PQfinish(postgres_);
  }

  // Asks for the descriptor before each wait: PQconnectPoll() may have closed
  // it, and often gets the same number again.
  loop::Coroutine<> connect() {
    check(PQstatus(postgres_) != CONNECTION_BAD);
    auto next = PGRES_POLLING_WRITING;
    while (next != PGRES_POLLING_OK) {
      check(next != PGRES_POLLING_FAILED);
      const int fd = note(PQsocket(postgres_));
      if (next == PGRES_POLLING_READING)
        co_await loop::readable(fd);
      else
        co_await loop::writable(fd);
      next = PQconnectPoll(postgres_);
    }
    PQsetnonblocking(postgres_, 1);
    loop_.add_reader(PQsocket(postgres_), [this] { receive(); });
  }

  // Returns the first field of the answer, or "".
  loop::Coroutine<std::string> query(std::string text) {
    check(PQsendQuery(postgres_, text.c_str()));
    flush();
    std::string field;
    for (;;) {
      while (PQisBusy(postgres_)) co_await input();
      const std::unique_ptr<PGresult, decltype(&PQclear)> result(
          PQgetResult(postgres_), PQclear);
      if (!result) co_return field;
      check(PQresultStatus(result.get()) != PGRES_FATAL_ERROR);
      if (PQntuples(result.get()) > 0) field = PQgetvalue(result.get(), 0, 0);
    }
  }

  loop::Coroutine<std::string> notification() {
    for (;;) {
      const std::unique_ptr<PGnotify, decltype(&PQfreemem)> notify(
          PQnotifies(postgres_), PQfreemem);
      if (notify) co_return notify->extra;
      co_await input();
    }
  }

  // The number of times that libpq could not write all at once.
  int writers() const { return writers_; }

 private:
  void check(bool succeeded) const {
    if (!succeeded) throw std::runtime_error(PQerrorMessage(postgres_));
  }

  // Waits until the server has sent something.
  loop::Coroutine<> input() {
    input_.clear();
    co_await input_.wait();
    check(PQstatus(postgres_) != CONNECTION_BAD);
  }

  // The reader. After an error, PQstatus() tells the tasks that wait.
  void receive() {
    if (PQconsumeInput(postgres_))
      flush();
    else
      loop_.remove_reader(PQsocket(postgres_));
    input_.set();
  }

  // The writer, which exists while there is something to write.
  void flush() {
    const int fd = PQsocket(postgres_);
    if (PQflush(postgres_) != 1) {
      loop_.remove_writer(fd);
      return;
    }
    ++writers_;
    loop_.add_writer(fd, [this] { flush(); });
  }

  loop::EventLoop& loop_ = loop::get_running_loop();
  PGconn* const postgres_;
  loop::Event input_;
  int writers_ = 0;
};

loop::Coroutine<> talk(std::string folder) {
  // With two hosts that are primary servers, libpq connects to each, and then
  // to the first one again.
  const std::string hosts = "host=" + folder + "," + folder;
  Connection one(hosts + " target_session_attrs=prefer-standby");
  co_await one.connect();
  std::printf("%zu sockets, %zu number\n", sockets.size(), numbers.size());

  const std::string sum = co_await one.query("SELECT 1 + 1");
  std::printf("1 + 1 = %s\n", sum.c_str());
  const std::string letters(4'000'000, 'x');
  const std::string length =
      co_await one.query("SELECT length('" + letters + "')");
  std::printf("%s letters, written at once: %s\n", length.c_str(),
              one.writers() == 0 ? "yes" : "no");
  co_await one.query("LISTEN news");

  Connection other("host=" + folder);
  co_await other.connect();
  co_await other.query("NOTIFY news, 'hello'");
  const std::string news = co_await one.notification();
  std::printf("news: %s\n", news.c_str());
}

}  // namespace

// The argument is the folder of the server's socket.
int main(int, char** arguments) { loop::run(talk(arguments[1])); }
