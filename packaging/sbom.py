"""Makes the list of cargo-cyclonedx that of one program: called by sbom.sh with the list, `cargo tree` and the commit.

cargo-cyclonedx reads the features of the whole workspace, so that what only another program needs is taken out; paths of
the machine and the missing serial number are put right, and the result is checked before it is written.
"""

import json
import pathlib
import re
import sys
import uuid


def crates_of(tree):
    """Name and version of each line `name v1.2.3 (…)`."""
    return {tuple(line.split()[:2]) for line in tree.splitlines() if line}


def of_program(bom, tree):
    wanted = {(name, version.removeprefix("v")) for name, version in crates_of(tree)}
    root = bom["metadata"]["component"]
    kept = [one for one in bom["components"] if (one["name"], one["version"]) in wanted]
    refs = {one["bom-ref"] for one in kept} | {root["bom-ref"]}
    edges = [edge for edge in bom["dependencies"] if edge["ref"] in refs]
    for edge in edges:
        edge["dependsOn"] = [ref for ref in edge.get("dependsOn", []) if ref in refs]
    return bom | {"components": kept, "dependencies": edges}, wanted


def check(bom, wanted):
    components = bom["components"]
    named = {(one["name"], one["version"]) for one in components}
    program = re.search(r"#(prikrep-\w+)@([\d.]+)", bom["metadata"]["component"]["bom-ref"]).groups()
    assert named | {program} == wanted, f"not as cargo tree has it: {sorted((named | {program}) ^ wanted)}"
    refs = [one["bom-ref"] for one in components]
    assert len(set(refs)) == len(refs), "a component stands twice"
    known = {*refs, bom["metadata"]["component"]["bom-ref"]}
    assert {edge["ref"] for edge in bom["dependencies"]} == known, "every component says what it depends on"
    for one in components:
        assert one["licenses"], f"{one['name']} has no licence"
        is_ours = one["name"].startswith("prikrep-")
        hashes = [entry for entry in one.get("hashes", []) if entry["alg"] == "SHA-256" and len(entry["content"]) == 64]
        assert is_ours or hashes, f"{one['name']} has no checksum"


def main(path, tree, commit):
    root = f"file://{pathlib.Path.cwd()}"
    bom = json.loads(pathlib.Path(path).read_text().replace(root, "file:///prikrep"))
    bom, wanted = of_program(bom, pathlib.Path(tree).read_text())
    check(bom, wanted)
    component = bom["metadata"]["component"]
    component.setdefault("properties", []).append({"name": "prikrep:commit", "value": commit})
    target = next(one["value"] for one in bom["metadata"]["properties"] if one["name"].endswith("target:triple"))
    serial = uuid.uuid5(uuid.NAMESPACE_URL, f"{commit} {component['name']} {target}")
    ordered = {"bomFormat": bom["bomFormat"], "specVersion": bom["specVersion"], "serialNumber": f"urn:uuid:{serial}"}
    json.dump(ordered | bom, sys.stdout, ensure_ascii=False, indent=1)
    print()
    print(f"{component['name']}: {len(bom['components'])} components for {target}", file=sys.stderr)


main(*sys.argv[1:])
