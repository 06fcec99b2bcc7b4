"""Proves T12: whom a tool may contact."""

from control_api.compile.draft import AgentDraft
from control_api.compile.effects import Effect, Effects, ToolEffects, UnknownEffect
from control_api.compile.hosts import AgentHosts, all_with_hosts, host_in, hosts_of_integration, with_hosts

HOSTS = AgentHosts(
    backend="odoo.example.com",
    integrations={"email": ("mail.example.com",), "whatsapp": ("api.twilio.com",)},
    webhook="crm.example.com:8443",
)


def test_the_host_of_an_address() -> None:
    assert host_in("https://user:secret@odoo.example.com:8069/web") == "odoo.example.com:8069"
    assert (host_in(None), host_in("")) == (None, None)


def test_the_hosts_of_an_account() -> None:
    assert hosts_of_integration("smtp", {"smtp_host": "mail.example.com"}) == ("mail.example.com",)
    assert hosts_of_integration("smtp", {}) == ()
    assert "www.googleapis.com" in hosts_of_integration("google", {})


def test_code_contacts_what_it_uses() -> None:
    assert with_hosts(Effects(), HOSTS).hosts == ()
    assert with_hosts(Effects(models_read=("res.partner",)), HOSTS).hosts == ("odoo.example.com",)
    assert with_hosts(Effects(integrations=(Effect("email", "send"),)), HOSTS).hosts == ("mail.example.com",)
    assert with_hosts(Effects(integrations=(Effect("calendar", "book"),)), HOSTS).hosts == ()
    assert with_hosts(Effects(models_read=("res.partner",)), AgentHosts()).hosts == ()


def test_code_that_cannot_be_read_may_contact_everything_that_is_connected() -> None:
    found = with_hosts(Effects(unknown=(UnknownEffect(3, "a computed name"),)), HOSTS)
    assert found.hosts == ("api.twilio.com", "mail.example.com", "odoo.example.com")


def test_webhook_tools_contact_the_webhook() -> None:
    draft = AgentDraft.model_validate(
        {"display_name": "x", "tools": ["end_call", "create_lead"], "tools_webhook_url": "https://crm.example.com:8443/t"}
    )
    found = all_with_hosts(draft, [ToolEffects("look", Effects(models_read=("res.partner",)))], HOSTS)
    assert [(item.tool, item.effects.hosts) for item in found] == [("look", ("odoo.example.com",)), ("create_lead", ("crm.example.com:8443",))]
    assert (found[1].effects.is_complete, found[1].effects.changes_something) == (True, True)
    assert len(all_with_hosts(draft, [], AgentHosts())) == 0
