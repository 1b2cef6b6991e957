#include "loop/streams/water_marks.h"

#include <cstddef>
#include <optional>
#include <string>

#include "selectors/errors.h"

namespace loop {

WaterMarks water_marks(std::optional<std::size_t> high,
                       std::optional<std::size_t> low) {
  if (!high) high = low ? 4 * *low : WaterMarks().high;
  if (!low) low = *high / 4;
  if (*low <= *high) return {*high, *low};
  throw selectors::ValueError("high (" + std::to_string(*high) +
                              ") must be >= low (" + std::to_string(*low) +
                              ")");
}

}  // namespace loop
