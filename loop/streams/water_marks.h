// `kHighWater`, `kLowWater`: the default limits of drain().

#ifndef LOOP_STREAMS_WATER_MARKS_H_
#define LOOP_STREAMS_WATER_MARKS_H_

#include <cstddef>

namespace loop {

// The number of unsent bytes above which drain() waits.
inline constexpr std::size_t kHighWater = std::size_t{64} * 1024;
// The number of unsent bytes at which the wait ends. Port of
// _FlowControlMixin._set_write_buffer_limits (Lib/asyncio/transports.py).
inline constexpr std::size_t kLowWater = kHighWater / 4;

}  // namespace loop

#endif  // LOOP_STREAMS_WATER_MARKS_H_
