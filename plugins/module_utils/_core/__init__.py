# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The holdfast library: definition -> sources -> pipeline -> artifacts -> manifest -> repository."""

from __future__ import annotations

VERSION = "0.1.0"
