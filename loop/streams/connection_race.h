// `connect_to_any()`: connects to the first of several addresses that answers
// ("happy eyeballs", RFC 8305). For open_connection().

#ifndef LOOP_STREAMS_CONNECTION_RACE_H_
#define LOOP_STREAMS_CONNECTION_RACE_H_

#include <cstddef>
#include <functional>
#include <vector>

#include "loop/coroutines/coroutine.h"
#include "loop/sockets/address.h"
#include "loop/sockets/socket.h"
#include "selectors/wait_limit.h"

namespace loop {

// A coroutine function that connects a socket to an address.
using Connect = std::function<Coroutine<Socket>(Address)>;

// Returns `addresses` in an order in which the families take turns, after the
// first `first_family_count` - 1 addresses of the first family. 0 leaves the
// order as it is. Port of _interleave_addrinfos() of
// Lib/asyncio/base_events.py.
std::vector<Address> interleave(std::vector<Address> addresses,
                                std::size_t first_family_count);

// Connects to one of `addresses`, of which there is at least one. The attempt
// for an address starts when the attempt before has failed, or `delay` after
// its start. The first socket that is connected wins: the other attempts are
// cancelled, and have ended when connect_to_any() ends. The same holds if its
// task is cancelled. With nullopt as `delay`, or only one address, there is one
// attempt at a time, in the calling task.
//
// If all attempts fail, throws the OSError of the only one, or an OSError that
// names all. An attempt of a race that throws another exception has failed,
// too; if no attempt has thrown an OSError, throws TimeoutError (gh-135836).
// Without a race, other exceptions are thrown at once.
//
// Port of BaseEventLoop.create_connection() and staggered_race() (CPython 3.15,
// Lib/asyncio/base_events.py, staggered.py).
Coroutine<Socket> connect_to_any(std::vector<Address> addresses,
                                 selectors::WaitLimit delay, Connect connect);

}  // namespace loop

#endif  // LOOP_STREAMS_CONNECTION_RACE_H_
