"""Names, descriptions and JSON Schemas of the built-in and the standard webhook tools (rules B1 to B3, W5)."""

from typing import Any, Final

from callstage_domain.agent import ToolDefinition

END_CALL: Final = "end_call"
TRANSFER_TO_HUMAN: Final = "transfer_to_human"
SEND_DTMF: Final = "send_dtmf"
COLLECT_DIGITS: Final = "collect_digits"
LEAVE_VOICEMAIL: Final = "leave_voicemail"
LINE_TOOLS: Final = frozenset({SEND_DTMF, COLLECT_DIGITS, LEAVE_VOICEMAIL})
"""Built-in tools that act on the caller's line: a conversation without one (mail, chat) does not have them."""
MAX_DIGITS: Final = 32


def _schema(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


_COUNT: Final[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": MAX_DIGITS}

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
    SEND_DTMF: ToolDefinition(
        name=SEND_DTMF,
        kind="builtin",
        description="Play keypad tones to the other end of the call. Use it to choose in a phone menu or to enter an extension there.",
        parameters=_schema(
            ["digits"],
            digits={
                "type": "string",
                "pattern": "^[0-9*#A-Da-dWw,]{1,64}$",
                "description": "The keys in order: 0-9 * # A-D. 'w' waits half a second, ',' two seconds.",
            },
        ),
    ),
    COLLECT_DIGITS: ToolDefinition(
        name=COLLECT_DIGITS,
        kind="builtin",
        description=(
            "Let the caller type a number on the phone's keypad, such as a customer number or a PIN. Ask for it first, in the same answer. "
            "The result's status is 'complete', 'timeout' (nothing, or too little, was typed) or 'interrupted' (the caller spoke instead)."
        ),
        parameters=_schema(
            [],
            length={**_COUNT, "description": "How many digits the number has, when that is known."},
            min_digits={**_COUNT, "description": "Fewest digits, when the length varies."},
            max_digits={**_COUNT, "description": "Most digits, when the length varies."},
            finish_on={"type": "string", "enum": ["#", "*", ""], "default": "#", "description": "The key that ends the entry; empty for none."},
            timeout_s={"type": "number", "minimum": 1, "maximum": 60, "default": 10, "description": "How long to wait for the first key."},
            inter_digit_timeout_s={"type": "number", "minimum": 1, "maximum": 30, "default": 4, "description": "How long to wait for the next key."},
            is_sensitive={
                "type": "boolean",
                "default": False,
                "description": (
                    "True for a PIN, a card or other secret number: you get a placeholder instead of the digits, which other tools understand "
                    "as an argument. Nobody else sees the digits, and the recording pauses."
                ),
            },
        ),
    ),
    LEAVE_VOICEMAIL: ToolDefinition(
        name=LEAVE_VOICEMAIL,
        kind="builtin",
        description=(
            "Let the caller leave a spoken message after a tone; the call ends with it. Use it when nobody can help now and the caller wants to be "
            "called back, or asks to leave a message."
        ),
        parameters=_schema(
            ["reason"],
            reason=_text("Why a message is taken, in a few words."),
            greeting=_text("What is said before the tone, if it should be something special."),
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
