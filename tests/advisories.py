#!/usr/bin/env python3
"""Renews tests/advisories.jsonl from a copy of the RustSec database (github.com/rustsec/advisory-db).

    git clone https://github.com/rustsec/advisory-db && python3 tests/advisories.py advisory-db

The first line says of which commit and day the data is; each other one is an advisory that has not been withdrawn:
its identifier, the crate, the versions that are patched or were never affected, and its kind when it is no vulnerability.
"""

import json
import pathlib
import subprocess
import sys
import tomllib


def git(folder, *arguments):
    return subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


def advisory(text):
    front = tomllib.loads(text.split("```toml", 1)[1].split("```", 1)[0])
    about, versions = front["advisory"], front["versions"]
    if "withdrawn" in about:
        return None
    known = {"id": about["id"], "crate": about["package"], "kind": about.get("informational")}
    known |= {name: versions.get(name, []) for name in ("patched", "unaffected")}
    known["os"] = front.get("affected", {}).get("os")
    return {name: value for name, value in known.items() if value}


def main(folder):
    commit, day = git(folder, "log", "-1", "--format=%H %cs").split()
    paths = git(folder, "ls-tree", "-r", "--name-only", "HEAD", "crates/").split()
    # All files in one go: a blob after its header line.
    asked = "".join(f"HEAD:{path}\n" for path in paths)
    batch = subprocess.run(["git", "-C", folder, "cat-file", "--batch"], check=True, capture_output=True, input=asked.encode())
    found, rest = [], batch.stdout
    for _ in paths:
        head, rest = rest.split(b"\n", 1)
        size = int(head.split()[2])
        found.append(advisory(rest[:size].decode()))
        rest = rest[size + 1 :]
    found = sorted(filter(None, found), key=lambda one: one["id"])
    lines = [{"source": "github.com/rustsec/advisory-db", "commit": commit, "day": day, "advisories": len(found)}, *found]
    target = pathlib.Path(__file__).with_name("advisories.jsonl")
    target.write_text("".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines))
    print(f"{len(found)} advisories as of {day}")


main(sys.argv[1])
