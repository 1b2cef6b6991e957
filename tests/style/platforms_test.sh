#!/bin/bash
# Platforms are told apart by files and targets. Only default_selector, which
# picks one for the user, may do it with #if.
. tests/style/style.sh

check() {
  sources | grep -vx 'selectors/default_selector\.\(h\|cc\)' |
    xargs -r grep -nHE '^\s*#\s*(if|ifdef|ifndef|elif)\b.*\b_*(linux|LINUX|APPLE|MACH|WIN32|WIN64|MSC_VER|MINGW32|CYGWIN|FreeBSD|NetBSD|OpenBSD|DragonFly|sun|SVR4|unix|ANDROID)(__)?\b'
}

catches selectors/a.h '#ifdef __linux__'
catches loop/streams/a.cc '#if defined(__APPLE__) || X'
catches tests/support/a.h '#  elif !defined _WIN32'
catches timers/a.h '#ifndef __FreeBSD__'
catches examples/a.cc '#if __sun'
allows selectors/default_selector.cc '#if defined(__linux__)'
allows selectors/a.h '#ifndef SELECTORS_LINUX_H_'
allows selectors/a.h '#if __has_include(<sys/event.h>)'
check_tree 'Choose by file and target what is for one platform only:'
