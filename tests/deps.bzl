"""Where the dependencies come from in a WORKSPACE.

Debian's packages where they are installed, so that nothing is downloaded, and
a pinned release of the same version elsewhere. Who uses the library calls
selectors_dependencies(); GoogleTest is for its own tests only.
"""

def _local_or_download_impl(ctx):
    if ctx.path(ctx.attr.local).exists:
        # Copied, not linked: the edits below must not reach the system's files.
        copy = ctx.execute(["cp", "-R", ctx.attr.local + "/.", "."])
        if copy.return_code:
            fail(copy.stderr)
    else:
        ctx.download_and_extract(
            url = ctx.attr.url,
            sha256 = ctx.attr.sha256,
            stripPrefix = ctx.attr.strip_prefix,
        )
    if ctx.attr.build_file:
        ctx.file("BUILD.bazel", ctx.read(ctx.attr.build_file))
    for name in ctx.attr.edit:
        if not ctx.path(name).exists:
            continue  # A later version, which needs no edit.
        text = ctx.read(name)
        for old, new in ctx.attr.replace.items():
            text = text.replace(old, new)
        ctx.file(name, text)

_local_or_download = repository_rule(
    implementation = _local_or_download_impl,
    attrs = {
        "build_file": attr.label(doc = "Becomes BUILD.bazel, if given."),
        "edit": attr.string_list(doc = "Files in which to `replace`."),
        "local": attr.string(doc = "The folder to prefer."),
        "replace": attr.string_dict(doc = "Old text to new text."),
        "sha256": attr.string(),
        "strip_prefix": attr.string(),
        "url": attr.string(),
    },
)

def selectors_dependencies():
    """Declares what the library needs, except what is declared already."""
    if not native.existing_rule("rules_cc"):
        _local_or_download(
            name = "rules_cc",
            local = "/usr/share/bazel/rules/cc",
            url = "https://github.com/bazelbuild/rules_cc/releases/download/" +
                  "0.0.4/rules_cc-0.0.4.tar.gz",
            sha256 = "af6cc82d87db94585bceeda2561cb8a9" +
                     "d55ad435318ccb4ddfee18a43580fb5d",
            strip_prefix = "rules_cc-0.0.4",
            # This release asks Bazel for a function that Bazel 4 lacks. Written
            # out, what the function returns is understood by all.
            edit = [
                "cc/private/rules_impl/cc_flags_supplier.bzl",
                "cc/private/rules_impl/compiler_flag.bzl",
            ],
            replace = {
                ', "use_cpp_toolchain")': ")",
                "use_cpp_toolchain()": '["@bazel_tools//tools/cpp:toolchain_type"]',
            },
        )

    # A release of Bazel brings (a download of) what it needs itself. Debian's
    # build of it, the one without a version, leaves that to Debian's packages.
    if not native.bazel_version:
        if not native.existing_rule("rules_java"):
            native.local_repository(
                name = "rules_java",
                path = "/usr/share/bazel/rules/java",
            )
        if not native.existing_rule("remote_coverage_tools"):
            native.new_local_repository(
                name = "remote_coverage_tools",
                path = "/usr/share/bazel/rules",
                build_file = "@selectors//tests:remote_coverage_tools.BUILD",
            )

def selectors_test_dependencies():
    """Declares what the library's own tests need beyond that."""
    _local_or_download(
        name = "com_google_googletest",
        local = "/usr/src/googletest",
        url = "https://github.com/google/googletest/archive/refs/tags/" +
              "release-1.12.1.tar.gz",
        sha256 = "81964fe578e9bd7c94dfdb09c8e4d6e6" +
                 "759e19967e397dbea48d1c10e45d0df2",
        strip_prefix = "googletest-release-1.12.1",
        build_file = "//tests:googletest.BUILD",
    )
