"""The Odoo or ERPNext connection of an agent."""
