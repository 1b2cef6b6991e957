#include "loop/streams/connection_race.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "loop/coroutines/task.h"
#include "loop/futures/errors.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/wait.h"
#include "selectors/errors.h"

namespace loop {
namespace {

using selectors::OSError;
using Errors = std::vector<OSError>;

// Throws the error of attempts of which each has failed.
[[noreturn]] void throw_all(const Errors& errors) {
  if (errors.empty()) throw TimeoutError("open_connection failed");
  if (errors.size() == 1) throw errors.front();
  std::string all = "Multiple exceptions";
  for (const OSError& error : errors) {
    all += std::string(&error == &errors.front() ? ": " : ", ") + error.what();
  }
  throw OSError(errors.back().code(), all);
}

// The attempts are the tasks of a group. Its body starts them, and the winner
// cancels it.
class ConnectionRace {
 public:
  ConnectionRace(selectors::WaitLimit delay, Connect connect)
      : delay_(delay), connect_(std::move(connect)) {}

  Coroutine<Socket> run(std::vector<Address> addresses) {
    co_await group_.run(start_attempts(std::move(addresses)));
    if (!winner_) throw_all(errors_);
    co_return std::move(*winner_);
  }

 private:
  Coroutine<> start_attempts(std::vector<Address> addresses) {
    for (const Address& address : addresses) {
      const Task<> latest = group_.create_task(attempt(address));
      if (&address != &addresses.back()) co_await wait(latest, delay_);
    }
  }

  Coroutine<> attempt(Address address) {
    try {
      winner_ = co_await connect_(address);
      group_.cancel();
    } catch (const OSError& error) {
      errors_.push_back(error);
    } catch (const std::exception&) {
      // Counts as failed, as in Python: another address may be reached.
    }
  }

  const selectors::WaitLimit delay_;
  const Connect connect_;
  std::optional<Socket> winner_;
  Errors errors_;
  TaskGroup group_;
};

Coroutine<Socket> race(std::vector<Address> addresses,
                       selectors::WaitLimit delay, Connect connect) {
  ConnectionRace attempts(delay, std::move(connect));
  co_return co_await attempts.run(std::move(addresses));
}

Coroutine<Socket> try_in_order(std::vector<Address> addresses,
                               Connect connect) {
  Errors errors;
  for (const Address& address : addresses) {
    try {
      co_return co_await connect(address);
    } catch (const OSError& error) {
      errors.push_back(error);
    }
  }
  throw_all(errors);
}

// The addresses of each family; the families in the order of their first
// addresses.
std::vector<std::vector<Address>> by_family(
    const std::vector<Address>& addresses) {
  std::vector<std::vector<Address>> families;
  for (const Address& address : addresses) {
    auto family = std::ranges::find_if(families, [&address](const auto& some) {
      return some.front().family() == address.family();
    });
    if (family == families.end()) family = families.emplace(family);
    family->push_back(address);
  }
  return families;
}

}  // namespace

std::vector<Address> interleave(std::vector<Address> addresses,
                                std::size_t first_family_count) {
  if (first_family_count == 0 || addresses.empty()) return addresses;
  const auto families = by_family(addresses);
  const std::size_t lead =
      std::min(first_family_count - 1, families.front().size());
  std::vector<Address> result;
  const auto take = [&result](const std::vector<Address>& family,
                              std::size_t index) {
    if (index < family.size()) result.push_back(family[index]);
  };
  for (std::size_t i = 0; i < lead; ++i) take(families.front(), i);
  for (std::size_t round = 0; result.size() < addresses.size(); ++round) {
    for (const auto& family : families) {
      take(family, &family == &families.front() ? lead + round : round);
    }
  }
  return result;
}

Coroutine<Socket> connect_to_any(std::vector<Address> addresses,
                                 selectors::WaitLimit delay, Connect connect) {
  if (delay.waits_forever() || addresses.size() == 1) {
    return try_in_order(std::move(addresses), std::move(connect));
  }
  return race(std::move(addresses), delay, std::move(connect));
}

}  // namespace loop
