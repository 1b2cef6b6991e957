// Lookups, without a network.

#include "loop/sockets/getaddrinfo.h"

#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop/callbacks/event_loop.h"
#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/futures/future.h"
#include "loop/runners/runner.h"
#include "loop/sockets/address.h"
#include "loop/tasks/sleep.h"
#include "selectors/errors.h"
#include "selectors/kernel/call.h"

namespace loop {
namespace {

using selectors::kernel::Call;
using selectors::kernel::Word;
using namespace std::chrono_literals;

// Answers lookups that are for a thread, instead of the system's resolver, and
// counts them.
class StandInResolver : public selectors::kernel::Interceptor {
 public:
  explicit StandInResolver(std::function<int()> answer)
      : answer_(std::move(answer)) {}

  int lookups() const { return lookups_; }

  std::optional<Word> enter(const Call& call) override {
    const std::string name = call.syscall.name;
    if (std::this_thread::get_id() == home_) return std::nullopt;
    if (name != "getaddrinfo" && name != "getnameinfo") return std::nullopt;
    ++lookups_;
    return answer_();
  }
  void leave(const Call&) override {}

 private:
  const std::thread::id home_ = std::this_thread::get_id();
  const std::function<int()> answer_;
  std::atomic<int> lookups_ = 0;
};

int unexpected() {
  ADD_FAILURE() << "asked in a thread";
  return EAI_FAIL;
}

std::vector<AddressInfo> look_up(const std::string& host,
                                 const std::string& service,
                                 AddressHints hints = {}) {
  return run(getaddrinfo(host, service, hints));
}

std::vector<std::string> addresses(const std::vector<AddressInfo>& answers) {
  std::vector<std::string> texts;
  for (const AddressInfo& answer : answers) {
    texts.push_back(answer.address.repr());
  }
  return texts;
}

// The number and the message of the GaiError that `call` throws.
std::pair<int, std::string> error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const GaiError& error) {
    return {error.code().value(), error.what()};
  }
  return {0, "no error"};
}

using Texts = std::vector<std::string>;
constexpr AddressHints kStream = {.type = SOCK_STREAM};

TEST(GetaddrinfoTest, NumericHostsNeedNoThread) {
  const StandInResolver resolver(unexpected);
  EXPECT_EQ(addresses(look_up("127.0.0.1", "80", kStream)),
            Texts{"127.0.0.1:80"});
  EXPECT_EQ(addresses(look_up("::1", "80", kStream)), Texts{"[::1]:80"});
  EXPECT_EQ(addresses(look_up("fe80::1%lo", "", kStream)),
            Texts{"[fe80::1%lo]:0"});
  EXPECT_EQ(addresses(run(getaddrinfo("192.0.2.1", 443, kStream))),
            Texts{"192.0.2.1:443"});
}

TEST(GetaddrinfoTest, AnEmptyHostNeedsNoThread) {
  const StandInResolver resolver(unexpected);
  const AddressHints local = {.family = AF_INET, .type = SOCK_STREAM};
  EXPECT_EQ(addresses(look_up("", "80", local)), Texts{"127.0.0.1:80"});
  const AddressHints passive = {
      .family = AF_INET, .type = SOCK_STREAM, .flags = AI_PASSIVE};
  EXPECT_EQ(addresses(look_up("", "80", passive)), Texts{"0.0.0.0:80"});
}

TEST(GetaddrinfoTest, Hints) {
  const auto answers = look_up("127.0.0.1", "80");
  EXPECT_GT(answers.size(), 1u) << "a stream and a datagram socket";
  const auto datagrams = look_up("127.0.0.1", "80", {.type = SOCK_DGRAM});
  ASSERT_EQ(datagrams.size(), 1u);
  EXPECT_EQ(datagrams[0].family, AF_INET);
  EXPECT_EQ(datagrams[0].type, SOCK_DGRAM);
  EXPECT_EQ(datagrams[0].protocol, IPPROTO_UDP);
  EXPECT_EQ(datagrams[0].canonical_name, "");
  const auto named =
      look_up("127.0.0.1", "80", {.type = SOCK_STREAM, .flags = AI_CANONNAME});
  EXPECT_EQ(named[0].canonical_name, "127.0.0.1");
}

// The name of every machine, in /etc/hosts.
TEST(GetaddrinfoTest, Localhost) {
  if (::gethostbyname("localhost") == nullptr) {
    GTEST_SKIP() << "no localhost, in /etc/hosts or elsewhere";
  }
  const auto texts = addresses(look_up("localhost", "80", kStream));
  EXPECT_TRUE(std::all_of(texts.begin(), texts.end(), [](const auto& text) {
    return text == "127.0.0.1:80" || text == "[::1]:80";
  }));
  EXPECT_FALSE(texts.empty());
}

TEST(GetaddrinfoTest, NamesOfServices) {
  if (::getservbyname("http", "tcp") == nullptr) {
    GTEST_SKIP() << "no http in /etc/services";
  }
  EXPECT_EQ(addresses(look_up("127.0.0.1", "http", kStream)),
            Texts{"127.0.0.1:80"});
}

TEST(GetaddrinfoTest, ErrorsNameHostAndService) {
  const AddressHints numeric = {.flags = AI_NUMERICHOST};
  EXPECT_EQ(error_of([&] { look_up("name.invalid", "80", numeric); }),
            std::pair(EAI_NONAME,
                      std::string("getaddrinfo of 'name.invalid', service "
                                  "'80': ") +
                          ::gai_strerror(EAI_NONAME)));
  EXPECT_EQ(error_of([] { look_up("", ""); }).first, EAI_NONAME);
  EXPECT_EQ(error_of([] { look_up("127.0.0.1", "80", {.family = 999}); }).first,
            EAI_FAMILY);
}

// The C library takes port 65616 for 80.
TEST(GetaddrinfoTest, PortsAboveTheMaximum) {
  for (const char* const port : {"65536", "65616", "99999999999999999999"}) {
    EXPECT_EQ(error_of([&] { look_up("127.0.0.1", port); }).first, EAI_SERVICE)
        << port;
  }
  EXPECT_EQ(addresses(look_up("127.0.0.1", "65535", kStream)),
            Texts{"127.0.0.1:65535"});
}

TEST(GetaddrinfoTest, RefusesNul) {
  EXPECT_THROW(look_up(std::string("127.0.0.1\0x", 11), "80"),
               selectors::ValueError);
  EXPECT_THROW(look_up("127.0.0.1", std::string("80\0", 3)),
               selectors::ValueError);
}

TEST(GetaddrinfoTest, ErrorsOfTheResolver) {
  {
    const StandInResolver resolver([] { return EAI_AGAIN; });
    EXPECT_EQ(error_of([] { look_up("name.invalid", "80"); }).first, EAI_AGAIN);
    EXPECT_EQ(resolver.lookups(), 1);
  }
  const StandInResolver resolver([] {
    errno = EMFILE;
    return EAI_SYSTEM;
  });
  try {
    look_up("name.invalid", "80");
    ADD_FAILURE() << "no error";
  } catch (const GaiError&) {
    ADD_FAILURE() << "EAI_SYSTEM carries an errno";
  } catch (const selectors::OSError& error) {
    EXPECT_EQ(error.code().value(), EMFILE);
  }
}

// A lookup blocks its thread, not the loop.
TEST(GetaddrinfoTest, TheLoopRunsOnAndTheTaskCanBeCancelled) {
  std::atomic<bool> may_answer = false;
  const StandInResolver resolver([&] {
    may_answer.wait(false);
    return EAI_AGAIN;
  });
  const auto main = [&]() -> Coroutine<> {
    Task<std::vector<AddressInfo>> task =
        create_task(getaddrinfo("name.invalid", "80"));
    bool has_run = false;
    get_running_loop().call_soon([&] { has_run = true; });
    while (!has_run || resolver.lookups() == 0) co_await sleep(0s);
    task.cancel();
    EXPECT_THROW(co_await task, CancelledError);
    may_answer = true;
    may_answer.notify_all();
  };
  run(main());
}

TEST(GetnameinfoTest, NumbersNeedNoThread) {
  const StandInResolver resolver(unexpected);
  const NameInfo info = run(
      getnameinfo(Address::ipv6("::1", 80), NI_NUMERICHOST | NI_NUMERICSERV));
  EXPECT_EQ(info.host, "::1");
  EXPECT_EQ(info.service, "80");
}

TEST(GetnameinfoTest, NamesComeFromAThread) {
  const StandInResolver resolver([] { return EAI_AGAIN; });
  const auto [code, text] =
      error_of([] { run(getnameinfo(Address::ipv4("127.0.0.1", 80))); });
  EXPECT_EQ(code, EAI_AGAIN);
  EXPECT_EQ(text, std::string("getnameinfo of 127.0.0.1:80: ") +
                      ::gai_strerror(EAI_AGAIN));
  EXPECT_EQ(resolver.lookups(), 1);
}

}  // namespace
}  // namespace loop
