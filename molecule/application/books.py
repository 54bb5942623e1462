# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application: on port 3000, /up says how many books there are; without its database it is ill."""

import http.server
import subprocess

COUNT = ("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname=books", "--command=SELECT count(*) FROM books")


class Books(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        counted = subprocess.run(COUNT, capture_output=True, check=False)
        self.send_response(200 if counted.returncode == 0 else 503)
        self.end_headers()
        self.wfile.write(counted.stdout)


http.server.ThreadingHTTPServer(("127.0.0.1", 3000), Books).serve_forever()
