"""Prints a CycloneDX list of the packages that one package's program consists of.

Reads `cargo metadata` from standard input; the argument names the package.
"""

import json
import sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
root = next(id for id, package in packages.items() if package["name"] == sys.argv[1])


def needed(id):
    """The packages that this one is linked with."""
    return sorted(
        dependency["pkg"]
        for dependency in nodes[id]["deps"]
        if any(kind["kind"] is None for kind in dependency["dep_kinds"])
    )


seen = {root}
queue = [root]
while queue:
    for id in needed(queue.pop()):
        if id not in seen:
            seen.add(id)
            queue.append(id)


def purl(id):
    return f"pkg:cargo/{packages[id]['name']}@{packages[id]['version']}"


def component(id, kind):
    package = packages[id]
    found = {
        "type": kind,
        "bom-ref": purl(id),
        "name": package["name"],
        "version": package["version"],
        "purl": purl(id),
    }
    if package["license"]:
        found["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return found


json.dump(
    {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(root, "application")},
        "components": [component(id, "library") for id in sorted(seen - {root}, key=purl)],
        "dependencies": [
            {"ref": purl(id), "dependsOn": [purl(other) for other in needed(id)]}
            for id in sorted(seen, key=purl)
        ],
    },
    sys.stdout,
    indent=1,
)
print()
