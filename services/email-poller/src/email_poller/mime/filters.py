"""Which mails the agent may touch (rule M3)."""

from callstage_contracts.buckets import MailFilters

from email_poller.mime.incoming import IncomingMail


def passes(mail: IncomingMail, filters: MailFilters) -> bool:
    """True when every filter that is set lets the mail through. The folder was chosen before."""
    subject = mail.subject.casefold()
    if any(word.casefold() in subject for word in _words(filters.subject_excludes)):
        return False
    if filters.subject_contains and not any(word.casefold() in subject for word in _words(filters.subject_contains)):
        return False
    return _sender_passes(mail.address, filters) and _recipient_passes(mail.recipients, filters)


def _sender_passes(address: str, filters: MailFilters) -> bool:
    domain = address.rpartition("@")[2]
    domains = {entry.casefold().lstrip("@") for entry in _words(filters.from_domains)}
    addresses = {entry.casefold() for entry in _words(filters.from_addresses)}
    return (not domains or domain in domains) and (not addresses or address in addresses)


def _recipient_passes(recipients: tuple[str, ...], filters: MailFilters) -> bool:
    wanted = {entry.casefold() for entry in _words(filters.to_addresses)}
    return not wanted or not wanted.isdisjoint(recipients)


def _words(entries: tuple[str, ...]) -> list[str]:
    return [entry.strip() for entry in entries if entry.strip()]
