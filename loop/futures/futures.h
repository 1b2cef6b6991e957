// The whole of the future layer.

#ifndef LOOP_FUTURES_FUTURES_H_
#define LOOP_FUTURES_FUTURES_H_

#include "loop/futures/errors.h"
#include "loop/futures/future.h"

#endif  // LOOP_FUTURES_FUTURES_H_
