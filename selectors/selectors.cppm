// Module `selectors`, for `import selectors;`: all declarations of selectors.h.
//
// The standard headers come first, outside the module. Their include guards
// then keep their declarations out of the export. Exported declarations belong
// to no module (extern "C++"): they are the library's own, so a program may mix
// imports and #includes.
module;

#include <algorithm>
#include <any>
#include <atomic>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <ratio>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

export module selectors;

export extern "C++" {
#include "selectors/selectors.h"
}
