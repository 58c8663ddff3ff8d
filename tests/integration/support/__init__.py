# SPDX-License-Identifier: MIT
"""What the integration tests are made of: real servers, the two programs, and the words of an organisation."""
