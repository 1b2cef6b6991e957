// `WaterMarks`: the limits of drain(). `water_marks()`.

#ifndef LOOP_STREAMS_WATER_MARKS_H_
#define LOOP_STREAMS_WATER_MARKS_H_

#include <cstddef>
#include <optional>

namespace loop {

// The limits of drain(), in bytes.
struct WaterMarks {
  // The number of unsent bytes above which drain() waits.
  std::size_t high = std::size_t{64} * 1024;
  // The number of unsent bytes at which the wait ends.
  std::size_t low = high / 4;
};

// Returns the limits that the arguments of set_write_buffer_limits() mean.
// Throws ValueError if `low` is greater than `high`. Port of
// _FlowControlMixin._set_write_buffer_limits (Lib/asyncio/transports.py).
WaterMarks water_marks(std::optional<std::size_t> high,
                       std::optional<std::size_t> low);

}  // namespace loop

#endif  // LOOP_STREAMS_WATER_MARKS_H_
