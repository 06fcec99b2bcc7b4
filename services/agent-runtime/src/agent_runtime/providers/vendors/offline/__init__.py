"""Engines that need no network: Moonshine, flite, espeak-ng and a rule-driven demo brain."""
