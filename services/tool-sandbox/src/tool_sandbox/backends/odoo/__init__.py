"""Odoo over JSON-2 where it speaks that (19 and later), else over JSON-RPC: `backend` is the port, `probe` chooses, `wire` is what both have."""
