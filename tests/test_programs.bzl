"""Test programs that are made of several files each.

A test spends most of its build on the headers that it includes. Files that are
compiled as one read them once.
"""

load("@rules_cc//cc:defs.bzl", "cc_library", "cc_test")

COPTS = ["-std=c++20"]

# g++ warns of a type without linkage in an #included file. It is no header here.
LOCAL_TYPES = """#ifndef __clang__
#pragma GCC diagnostic ignored "-Wsubobject-linkage"
#endif"""

def test_programs(
        tests,
        programs,
        deps = [],
        data = {},
        size = "small",
        tags = [],
        **kwargs):
    """Declares tests of one file each, and programs that run several of them.

    A test that is part of a program is "manual", so `//...` runs it only there.
    By its own name it can still be run alone, which compiles only that file.

    Args:
      tests: the name of each, which is that of its file without ".cc", to deps.
      programs: the name of each to the tests in it.
      deps: of all tests.
      data: the name of a test to the files that it reads and runs.
      size: of all tests.
      tags: of all tests.
      **kwargs: more attributes of all cc_tests.
    """
    parts = [test for program in programs.values() for test in program]
    for test in data:
        if test not in tests:
            fail("data of a test that does not exist: " + test)
    for test, more in tests.items():
        cc_test(
            name = test,
            size = size,
            srcs = [test + ".cc"],
            copts = COPTS,
            data = data.get(test, []),
            tags = tags + (["manual"] if test in parts else []),
            deps = deps + more,
            **kwargs
        )
    for program, names in programs.items():
        sources = [test + ".cc" for test in names]
        native.genrule(
            name = program + "_source",
            testonly = True,
            srcs = sources,
            outs = [program + ".cc"],
            cmd = "{ echo '%s'; for f in $(SRCS); do echo '#include \"'$$f'\"'; done; } > $@" % LOCAL_TYPES,
        )
        all_data = {file: None for test in names for file in data.get(test, [])}
        all_deps = {dep: None for test in names for dep in tests[test] + deps}
        cc_library(
            name = program + "_files",
            testonly = True,
            textual_hdrs = sources,
            deps = all_deps.keys(),
        )
        cc_test(
            name = program,
            size = size,
            srcs = [program + ".cc"],
            copts = COPTS,
            data = all_data.keys(),
            tags = tags,
            deps = all_deps.keys() + [":%s_files" % program],
            **kwargs
        )
