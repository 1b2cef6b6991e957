"""A program that is optimised, whatever the mode of the build."""

def _optimized_impl(_settings, _attr):
    return {"//command_line_option:compilation_mode": "opt"}

_optimized = transition(
    implementation = _optimized_impl,
    inputs = [],
    outputs = ["//command_line_option:compilation_mode"],
)

def _optimized_binary_impl(ctx):
    program = ctx.attr.program[0][DefaultInfo].files_to_run.executable
    ctx.actions.symlink(
        output = ctx.outputs.executable,
        target_file = program,
        is_executable = True,
    )
    return [DefaultInfo(
        runfiles = ctx.runfiles([ctx.outputs.executable, program]),
    )]

optimized_binary = rule(
    implementation = _optimized_binary_impl,
    attrs = {
        "program": attr.label(cfg = _optimized, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
