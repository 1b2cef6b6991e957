// All public headers of loop/tasks: functions and classes that combine tasks.

#ifndef LOOP_TASKS_TASKS_H_
#define LOOP_TASKS_TASKS_H_

#include "loop/tasks/as_completed.h"
#include "loop/tasks/call_graph.h"
#include "loop/tasks/exception_group.h"
#include "loop/tasks/gather.h"
#include "loop/tasks/print_tasks.h"
#include "loop/tasks/run_coroutine_threadsafe.h"
#include "loop/tasks/shield.h"
#include "loop/tasks/sleep.h"
#include "loop/tasks/task_group.h"
#include "loop/tasks/timeout.h"
#include "loop/tasks/try_finally.h"
#include "loop/tasks/wait.h"
#include "loop/tasks/wait_for.h"

#endif  // LOOP_TASKS_TASKS_H_
