// Module `selectors`: all that selectors.h declares, for `import selectors;`.
//
// The standard headers come first, outside of the module, so that their guards
// leave nothing of them to be exported. What is exported belongs to no module
// (extern "C++"), so that it is the library's own, and a program may mix imports
// and #includes.
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
