"""Proposals for suites: what an extract's rows say of rules that they may be held to, and how surely. A person accepts each."""
