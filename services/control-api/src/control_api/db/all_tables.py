"""Every table, for migrations and for their drift check."""

from control_api.db import access_tables, agent_tables, agent_test_tables, call_tables, embed_tables, recording_tables, webhook_tables
from control_api.db.tables import Table

METADATA = Table.metadata
MODULES = (access_tables, agent_tables, agent_test_tables, call_tables, embed_tables, recording_tables, webhook_tables)
