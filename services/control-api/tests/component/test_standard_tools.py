"""Proves B1 W5: an editor can list the tools that need no definition, with their arguments."""

from control_api.in_process import TenantAccess


async def test_standard_tools_are_listed_with_their_arguments(tenant: TenantAccess) -> None:
    reply = await tenant.http.get("/v1/tools/standard")
    tools = {tool["name"]: tool for tool in reply.json()["tools"]}
    assert tools["end_call"]["kind"] == "builtin"
    assert tools["create_lead"]["kind"] == "webhook"
    assert tools["create_lead"]["parameters"]["required"] == ["first_name", "phone"]
