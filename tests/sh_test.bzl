"""sh_test and sh_binary without a dependency: Bazel 9 has none of its own any more."""

def _script_impl(ctx):
    ctx.actions.symlink(
        output = ctx.outputs.executable,
        target_file = ctx.file.src,
        is_executable = True,
    )
    runfiles = ctx.runfiles([ctx.file.src] + ctx.files.data)
    for dep in ctx.attr.data:
        runfiles = runfiles.merge(dep[DefaultInfo].default_runfiles)
    return [DefaultInfo(runfiles = runfiles)]

_ATTRS = {
    "data": attr.label_list(allow_files = True),
    "src": attr.label(allow_single_file = True, mandatory = True),
}

sh_test = rule(
    implementation = _script_impl,
    doc = """Runs a script. It passes if it exits with 0.

A script that misses a tool of the system prints "SKIPPED: " and the reason.""",
    attrs = _ATTRS,
    test = True,
)

sh_binary = rule(
    implementation = _script_impl,
    doc = "A script for `bazel run`.",
    attrs = _ATTRS,
    executable = True,
)
