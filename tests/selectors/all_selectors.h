// Every selector that there is, in one program.

#ifndef TESTS_SELECTORS_ALL_SELECTORS_H_
#define TESTS_SELECTORS_ALL_SELECTORS_H_

#include <gtest/gtest.h>

#include "selectors/devpoll_selector.h"
#include "selectors/epoll_selector.h"
#include "selectors/kqueue_selector.h"
#include "selectors/poll_selector.h"
#include "selectors/select_selector.h"

namespace selectors {

using AllSelectors =
    ::testing::Types<SelectSelector, PollSelector, EpollSelector,
                     KqueueSelector, DevpollSelector>;

}  // namespace selectors

#endif  // TESTS_SELECTORS_ALL_SELECTORS_H_
