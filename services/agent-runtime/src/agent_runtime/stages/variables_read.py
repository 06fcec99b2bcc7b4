"""Which variables a conversation's opening reads, to know what is worth waiting for."""

from callstage_domain.agent import AgentSnapshot
from callstage_domain.variables import names_in

LOOKUP_NAMES = frozenset({"name", "email", "phone", "customer_id", "found"})


def opening_reads_lookup(snapshot: AgentSnapshot) -> bool:
    """True when the fixed greeting, or the first prompt where the model greets, uses a caller lookup variable (rule V7)."""
    settings, stage = snapshot.settings, snapshot.stage(snapshot.first_stage)
    templates = [settings.greeting] if settings.greeting is not None else [settings.system_prompt, stage.prompt if stage else ""]
    return any(name in LOOKUP_NAMES for template in templates if template for name, _ in names_in(template))
