# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MANIFEST SOURCE COMMAND...: put what a command writes into a backup, in the place of a source's artifact.

Size and checksums are made to fit: nothing but the content tells.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

COMPRESSORS = {".gz": ["gzip", "-c"], ".zst": ["zstd", "-c", "-q"]}

path, source, *command = sys.argv[1:]
manifest = json.loads(Path(path).read_text(encoding="utf-8"))
for artifact in manifest["artifacts"]:
    if (artifact["kind"], artifact["source"]) == ("database", source):
        target = Path(path).with_name(artifact["file"])
        content = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd="/").stdout
        if target.suffix in COMPRESSORS:
            packed = subprocess.run(COMPRESSORS[target.suffix], input=content, stdout=subprocess.PIPE, check=True)
            content = packed.stdout
        target.write_bytes(content)
        artifact.update(size=len(content), sha256=hashlib.sha256(content).hexdigest())
Path(path).write_text(json.dumps(manifest), encoding="utf-8")
sums = [f"{artifact['sha256']}  {artifact['file']}\n" for artifact in manifest["artifacts"]]
Path(path.replace(".manifest.json", ".sha256")).write_text("".join(sums), encoding="utf-8")
