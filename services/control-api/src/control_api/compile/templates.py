"""What a new agent starts with (rule A1)."""

from typing import Any, Literal

TemplateName = Literal["blank", "salesperson", "support"]

_BOOK_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "date": {"type": "string", "description": "The day wanted, as the caller said it."},
        "time": {"type": "string", "description": "The time wanted, as the caller said it."},
    },
    "required": ["date", "time"],
}

_SALESPERSON: dict[str, Any] = {
    "role": "Sales assistant",
    "greeting": "Hello {name|}, thank you for calling. How can I help you today?",
    "farewell": "Thank you for your call. Goodbye!",
    "system_prompt": "You are a friendly sales assistant on the phone. Find out what the caller needs, never push, and never invent prices.",
    "first_stage": "qualify",
    "stages": [
        {
            "name": "qualify",
            "prompt": "Find out the caller's name and what they are interested in, one question at a time. Then call save_lead.",
            "tools": ["save_lead", "transfer_to_human", "end_call"],
            "transitions": [{"on_tool": "save_lead", "to_stage": "book", "handover_message": "{caller_name} is interested in {interest}."}],
        },
        {
            "name": "book",
            "prompt": "Offer {caller_name|the caller} a call back by a colleague. Ask for a day, then for a time, and call book_callback.",
            "tools": ["book_callback", "transfer_to_human", "end_call"],
            "transitions": [{"on_tool": "book_callback", "to_stage": "close", "handover_message": "The call back is on {date} at {time}."}],
        },
        {
            "name": "close",
            "prompt": "Confirm what was agreed in one sentence, ask whether there is anything else, say goodbye and call end_call.",
            "tools": ["end_call", "transfer_to_human"],
        },
    ],
    "tool_definitions": [
        {
            "name": "save_lead",
            "kind": "code",
            "description": "Save the caller's name and interest as a lead.",
            "parameters": {
                "type": "object",
                "properties": {
                    "caller_name": {"type": "string", "description": "The caller's name."},
                    "interest": {"type": "string", "description": "What the caller is interested in."},
                },
                "required": ["caller_name", "interest"],
            },
            "code": (
                'session["caller_name"] = args["caller_name"]\n'
                'session["interest"] = args["interest"]\n'
                'return {"status": "saved", "caller_name": args["caller_name"], "interest": args["interest"]}\n'
            ),
        },
        {
            "name": "book_callback",
            "kind": "code",
            "description": "Book a call back by a colleague.",
            "parameters": _BOOK_PARAMETERS,
            "code": (
                'session["callback"] = args["date"] + " " + args["time"]\n'
                'return {"status": "scheduled", "date": args["date"], "time": args["time"]}\n'
            ),
        },
    ],
}

_SUPPORT: dict[str, Any] = {
    "role": "Support assistant",
    "greeting": "Hello {name|}, this is support. What can I do for you?",
    "farewell": "Thank you for calling support. Goodbye!",
    "system_prompt": "You are a patient support assistant on the phone. Understand the problem before you offer a way forward, and never guess.",
    "first_stage": "understand",
    "stages": [
        {
            "name": "understand",
            "prompt": "Find out what is wrong and how urgent it is, one question at a time. Then call open_ticket.",
            "tools": ["open_ticket", "transfer_to_human", "end_call"],
            "transitions": [{"on_tool": "open_ticket", "to_stage": "wrap_up", "handover_message": "The ticket is open: {summary}."}],
        },
        {
            "name": "wrap_up",
            "prompt": "Tell the caller that a colleague will take care of it, ask whether there is anything else, say goodbye and call end_call.",
            "tools": ["end_call", "transfer_to_human"],
        },
    ],
    "tool_definitions": [
        {
            "name": "open_ticket",
            "kind": "code",
            "description": "Open a support ticket for the caller's problem.",
            "parameters": {
                "type": "object",
                "properties": {
                    "summary": {"type": "string", "description": "The problem in one sentence."},
                    "urgent": {"type": "boolean", "description": "True when the caller cannot work at all."},
                },
                "required": ["summary"],
            },
            "code": (
                'session["ticket_summary"] = args["summary"]\n'
                'return {"status": "created", "summary": args["summary"], "urgent": bool(args.get("urgent", False))}\n'
            ),
        },
    ],
}

_BLANK: dict[str, Any] = {"tools": ["end_call"], "system_prompt": "You are a helpful assistant on the phone."}

TEMPLATES: dict[TemplateName, dict[str, Any]] = {"blank": _BLANK, "salesperson": _SALESPERSON, "support": _SUPPORT}
