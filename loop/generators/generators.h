// All public headers of loop/generators: generators, and generators that can
// await.

#ifndef LOOP_GENERATORS_GENERATORS_H_
#define LOOP_GENERATORS_GENERATORS_H_

#include "loop/generators/async_generator.h"
#include "loop/generators/generator.h"
#include "loop/generators/generator_exit.h"

#endif  // LOOP_GENERATORS_GENERATORS_H_
