"""A small IMAP4rev1 server (RFC 3501, IDLE of RFC 2177, MOVE of RFC 6851, UIDPLUS's APPENDUID), enough for real clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from callstage_testing.fakes.imap_fetch import fetch_line
from callstage_testing.fakes.imap_wire import LiteralText, WireProblem, quote, read_command
from callstage_testing.fakes.mailbox import Folder, SearchProblem, StoredMessage, Term, in_set, search

CAPABILITIES = "IMAP4rev1 LITERAL+ IDLE UIDPLUS MOVE UNSELECT AUTH=PLAIN"
_IDLE_LIMIT_S = 1800.0


class Refusal(Exception):
    """The command is answered with NO."""


class ImapSession:
    """One connection. `users` maps login to password; `folders` are shared by all of them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, users: dict[str, str], folders: dict[str, Folder]) -> None:
        self._reader = reader
        self._writer = writer
        self._users = users
        self._folders = folders
        self._user: str | None = None
        self._folder: Folder | None = None
        self._known = 0
        self._handlers: dict[str, Callable[[list[Term]], Awaitable[str]]] = {
            "LOGIN": self._login,
            "LIST": self._list,
            "LSUB": self._list,
            "SELECT": self._select,
            "EXAMINE": self._select,
            "STATUS": self._status,
            "CREATE": self._create,
            "APPEND": self._append,
            "SEARCH": self._search,
            "FETCH": self._fetch,
            "STORE": self._store,
            "COPY": self._copy,
            "MOVE": self._move,
            "EXPUNGE": self._expunge,
            "CLOSE": self._close,
            "UNSELECT": self._unselect,
        }
        self._by_uid = False

    def _send(self, line: str | bytes) -> None:
        self._writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")

    async def serve(self) -> None:
        self._send(f"* OK [CAPABILITY {CAPABILITIES}] fake IMAP ready")
        while True:
            await self._writer.drain()
            try:
                command = await read_command(self._reader, self._writer)
            except WireProblem as problem:
                self._send(f"* BAD {problem}")
                continue
            if command is None:
                return
            if len(command) < 2 or not isinstance(command[0], str) or not isinstance(command[1], str):
                self._send("* BAD expected a tag and a command")
                continue
            tag, name = command[0], command[1].upper()
            if name == "LOGOUT":
                self._send("* BYE logging out")
                self._send(f"{tag} OK LOGOUT completed")
                await self._writer.drain()
                return
            await self._run(tag, name, command[2:])

    async def _run(self, tag: str, name: str, args: list[Term]) -> None:
        self._by_uid = name == "UID"
        if self._by_uid and args:
            name, args = str(args[0]).upper(), args[1:]
        try:
            if name == "CAPABILITY":
                self._send(f"* CAPABILITY {CAPABILITIES}")
                text = "done"
            elif name in ("NOOP", "CHECK"):
                text = "done"
            elif name == "IDLE":
                await self._idle()
                text = "IDLE terminated"
            elif name not in self._handlers:
                self._send(f"{tag} BAD unknown command {name}")
                return
            elif self._user is None and name != "LOGIN":
                raise Refusal("authenticate first")
            else:
                text = await self._handlers[name](args)
        except Refusal as refusal:
            self._send(f"{tag} NO {refusal}")
            return
        except (SearchProblem, WireProblem, IndexError, ValueError) as problem:
            self._send(f"{tag} BAD {problem}")
            return
        if self._folder is not None and name not in ("FETCH", "STORE", "SEARCH"):
            self._announce()
        self._send(f"{tag} OK {text}")

    def _announce(self) -> None:
        if self._folder is not None and len(self._folder.messages) != self._known:
            self._known = len(self._folder.messages)
            self._send(f"* {self._known} EXISTS")

    async def _login(self, args: list[Term]) -> str:
        user, password = str(args[0]), str(args[1])
        if self._users.get(user) != password:
            raise Refusal("[AUTHENTICATIONFAILED] Authentication failed.")
        self._user = user
        return f"[CAPABILITY {CAPABILITIES}] Logged in"

    async def _list(self, args: list[Term]) -> str:
        if str(args[1]) == "":
            self._send('* LIST (\\Noselect) "/" ""')
            return "LIST completed"
        for name in self._folders:
            if args[1] in ("*", "%") or str(args[1]).strip("*%") in name:
                self._send(f'* LIST (\\HasNoChildren) "/" {quote(name)}')
        return "LIST completed"

    def _named(self, term: Term) -> Folder:
        name = "INBOX" if str(term).upper() == "INBOX" else str(term)
        folder = self._folders.get(name)
        if folder is None:
            raise Refusal(f"[TRYCREATE] Mailbox doesn't exist: {name}")
        return folder

    async def _select(self, args: list[Term]) -> str:
        folder = self._named(args[0])
        self._folder, self._known = folder, len(folder.messages)
        self._send("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
        self._send("* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags permitted.")
        self._send(f"* {self._known} EXISTS")
        self._send("* 0 RECENT")
        self._send(f"* OK [UIDVALIDITY {folder.uid_validity}] UIDs valid")
        self._send(f"* OK [UIDNEXT {folder.next_uid}] Predicted next UID")
        return "[READ-WRITE] Select completed"

    async def _status(self, args: list[Term]) -> str:
        folder = self._named(args[0])
        unseen = sum("\\Seen" not in message.flags for message in folder.messages)
        values = {"MESSAGES": len(folder.messages), "UIDNEXT": folder.next_uid, "UIDVALIDITY": folder.uid_validity, "UNSEEN": unseen, "RECENT": 0}
        shown = " ".join(f"{name} {values[str(name).upper()]}" for name in args[1] if str(name).upper() in values)
        self._send(f"* STATUS {quote(folder.name)} ({shown})")
        return "Status completed"

    async def _create(self, args: list[Term]) -> str:
        self._folders.setdefault(str(args[0]), Folder(str(args[0])))
        return "Create completed"

    async def _append(self, args: list[Term]) -> str:
        folder = self._named(args[0])
        flags = {str(flag) for term in args[1:] if isinstance(term, list) for flag in term}
        dates = [term for term in args[1:-1] if isinstance(term, str)]
        received = datetime.strptime(dates[0].strip(), "%d-%b-%Y %H:%M:%S %z") if dates else datetime.now(UTC)
        body = args[-1]
        if not isinstance(body, LiteralText):
            raise WireProblem("APPEND needs a literal")
        message = folder.add(body.raw, flags, received)
        return f"[APPENDUID {folder.uid_validity} {message.uid}] Append completed"

    def _selected(self) -> Folder:
        if self._folder is None:
            raise Refusal("No mailbox selected.")
        return self._folder

    async def _search(self, args: list[Term]) -> str:
        terms = args[2:] if args and str(args[0]).upper() == "CHARSET" else args
        found = search(self._selected(), terms)
        self._send("* SEARCH" + "".join(f" {message.uid if self._by_uid else number}" for number, message in found))
        return "Search completed"

    def _chosen(self, term: Term) -> list[tuple[int, StoredMessage]]:
        folder = self._selected()
        top = folder.next_uid - 1 if self._by_uid else len(folder.messages)
        return [(n, message) for n, message in enumerate(folder.messages, 1) if in_set(message.uid if self._by_uid else n, str(term), top)]

    async def _fetch(self, args: list[Term]) -> str:
        items = args[1] if isinstance(args[1], list) else [args[1]]
        for number, message in self._chosen(args[0]):
            self._send(fetch_line(number, message, [str(item) for item in items], with_uid=self._by_uid))
        return "Fetch completed"

    async def _store(self, args: list[Term]) -> str:
        action = str(args[1]).upper()
        given = {str(flag) for flag in (args[2] if isinstance(args[2], list) else [args[2]])}
        for number, message in self._chosen(args[0]):
            if action.startswith("+"):
                message.flags |= given
            elif action.startswith("-"):
                message.flags -= given
            else:
                message.flags = set(given)
            if not action.endswith(".SILENT"):
                self._send(fetch_line(number, message, ["FLAGS"], with_uid=self._by_uid))
        return "Store completed"

    async def _copy(self, args: list[Term]) -> str:
        target = self._named(args[1])
        for _, message in self._chosen(args[0]):
            target.add(message.raw, message.flags, message.received)
        return "Copy completed"

    async def _move(self, args: list[Term]) -> str:
        await self._copy(args)
        for _, message in self._chosen(args[0]):
            message.flags.add("\\Deleted")
        return await self._expunge([])

    async def _expunge(self, _: list[Term]) -> str:
        for number in self._selected().expunge():
            self._send(f"* {number} EXPUNGE")
        self._known = len(self._selected().messages)
        return "Expunge completed"

    async def _close(self, _: list[Term]) -> str:
        self._selected().expunge()
        self._folder = None
        return "Close completed"

    async def _unselect(self, _: list[Term]) -> str:
        self._folder = None
        return "Unselect completed"

    async def _idle(self) -> None:
        """Until the client says DONE; new mail is announced as it arrives."""
        folder = self._selected()
        self._send("+ idling")
        folder.on_change.append(self._announce)
        try:
            async with asyncio.timeout(_IDLE_LIMIT_S):
                await self._reader.readline()
        finally:
            folder.on_change.remove(self._announce)
