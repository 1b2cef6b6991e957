#include "loop/subprocesses/exit_channel.h"

namespace loop {

void ExitChannel::open() { open_pipe(); }

}  // namespace loop
