"""The archives of libraries, for a script that links with them itself."""

def _archives_impl(ctx):
    links = {}
    for input in ctx.attr.dep[CcInfo].linking_context.linker_inputs.to_list():
        for library in input.libraries:
            archive = library.static_library or library.pic_static_library
            if archive:
                name = archive.short_path.replace("/", "_")
                link = ctx.actions.declare_file(ctx.label.name + "/" + name)
                ctx.actions.symlink(output = link, target_file = archive)
                links[link] = None
    return [DefaultInfo(runfiles = ctx.runfiles(links.keys()))]

archives = rule(
    implementation = _archives_impl,
    doc = "A folder of the name of the rule, with the archives that `dep` needs.",
    attrs = {"dep": attr.label(providers = [CcInfo])},
)
