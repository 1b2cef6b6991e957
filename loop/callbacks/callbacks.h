// Umbrella header: all public names of the callback layer.

#ifndef LOOP_CALLBACKS_CALLBACKS_H_
#define LOOP_CALLBACKS_CALLBACKS_H_

#include "loop/callbacks/callback.h"
#include "loop/callbacks/errors.h"
#include "loop/callbacks/event_loop.h"
#include "loop/callbacks/exception_context.h"
#include "loop/callbacks/handle.h"
#include "loop/callbacks/interval.h"
#include "loop/callbacks/loop_descriptors.h"
#include "loop/callbacks/loop_reports.h"
#include "loop/callbacks/loop_state.h"
#include "loop/callbacks/source_location.h"

#endif  // LOOP_CALLBACKS_CALLBACKS_H_
