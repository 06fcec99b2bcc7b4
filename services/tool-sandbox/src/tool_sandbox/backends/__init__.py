"""Odoo and ERPNext behind one port; a new backend is one file here and one line in `registry.py`."""
