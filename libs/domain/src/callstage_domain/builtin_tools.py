"""Names, descriptions and JSON Schemas of the built-in and the standard webhook tools (rules B1, B2, W5)."""

from typing import Any, Final

from callstage_domain.agent import ToolDefinition

END_CALL: Final = "end_call"
TRANSFER_TO_HUMAN: Final = "transfer_to_human"


def _schema(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


BUILTIN_TOOLS: Final[dict[str, ToolDefinition]] = {
    END_CALL: ToolDefinition(
        name=END_CALL,
        kind="builtin",
        description="End the call politely. Use it when the conversation is complete, or the caller says goodbye.",
        parameters=_schema(
            ["reason"],
            reason=_text("Why the call ends: conversation_complete, caller_goodbye, no_response, or another short reason."),
            summary=_text("One sentence on what the call achieved."),
        ),
    ),
    TRANSFER_TO_HUMAN: ToolDefinition(
        name=TRANSFER_TO_HUMAN,
        kind="builtin",
        description="Hand the caller over to a person. Use it when the caller asks for a human, or you cannot help.",
        parameters=_schema(
            ["reason"],
            reason=_text("Why the caller is transferred."),
            department=_text("The department asked for, if any."),
        ),
    ),
}

STANDARD_WEBHOOK_TOOLS: Final[dict[str, ToolDefinition]] = {
    tool.name: tool
    for tool in (
        ToolDefinition(
            name="create_lead",
            kind="webhook",
            description="Create a lead in the CRM for a new prospect.",
            parameters=_schema(
                ["first_name", "phone"],
                first_name=_text("The caller's first name."),
                last_name=_text("The caller's last name."),
                phone=_text("Phone number to call back."),
                email=_text("E-mail address, if given."),
                company=_text("The caller's company, if given."),
                interest=_text("What the caller is interested in."),
                notes=_text("Anything else worth noting."),
                source={"type": "string", "default": "phone_call"},
            ),
        ),
        ToolDefinition(
            name="leave_message",
            kind="webhook",
            description="Record a message for a person or the team.",
            parameters=_schema(
                ["caller_name", "caller_phone", "message"],
                caller_name=_text("Who leaves the message."),
                caller_phone=_text("Phone number to call back."),
                for_person=_text("Whom the message is for, if named."),
                message=_text("The message itself."),
                urgent={"type": "boolean", "description": "True when the caller says that it is urgent."},
                callback_preferred_time=_text("When the caller wants to be called back."),
            ),
        ),
        ToolDefinition(
            name="schedule_appointment",
            kind="webhook",
            description="Book an appointment.",
            parameters=_schema(
                ["caller_name", "phone", "date", "purpose"],
                caller_name=_text("Who the appointment is for."),
                phone=_text("Phone number of the caller."),
                date=_text("The day wanted."),
                time=_text("The time wanted."),
                duration={"type": "string", "default": "30 minutes"},
                purpose=_text("What the appointment is about."),
                notes=_text("Anything else worth noting."),
            ),
        ),
        ToolDefinition(
            name="check_policy_status",
            kind="webhook",
            description="Look up the status of a policy or account.",
            parameters=_schema(
                ["policy_number"],
                policy_number=_text("The policy number."),
                phone=_text("Phone number on the policy."),
                last_name=_text("Last name of the holder."),
                date_of_birth=_text("Date of birth of the holder."),
                lookup_type={"type": "string", "enum": ["status", "coverage", "renewal", "payment", "claims"]},
            ),
        ),
        ToolDefinition(
            name="send_sms",
            kind="webhook",
            description="Send a text message to the caller.",
            parameters=_schema(
                ["to_phone", "message"],
                to_phone=_text("Phone number to send to."),
                message=_text("The text to send."),
                purpose=_text("What the text is for."),
                caller_name=_text("Name of the receiver."),
            ),
        ),
    )
}


def standard_tool(name: str) -> ToolDefinition | None:
    """The built-in or standard webhook tool of that name, None when there is none."""
    return BUILTIN_TOOLS.get(name) or STANDARD_WEBHOOK_TOOLS.get(name)
