"""What must not leave the server: secrets, hosts and accounts, out of everything before it is kept."""

import re
from collections.abc import Iterable, Mapping

REDACTED = "(redacted)"

_SECRET = re.compile(r"passw|pwd|secret|token|credential|sst_auth|private_key|auth_string|encryption_key$")
_POLICY = re.compile(
    r"validate_password|password_(history|reuse|require)|expired_password|password_lifetime|old_passwords"
    r"|token_size|random_password_length|sha2(56)?_password_(auto|digest|proxy|enforce|private|public)|native_password_proxy"
)
_HOST = re.compile(
    r"^hostname$|^report_(host|user|port)$|bind_addr|_address(es)?$|^wsrep_(node|cluster)_|_group_seeds$|allowlist$"
    r"|whitelist$|^proxy_protocol_networks$|^mandatory_roles$|_user$|_users$|^init_(connect|slave|replica|file)$"
    r"|ldap_|_subject$|^wsrep_(sst_donor|provider_options|notify_cmd)|_server_host$|_url$|rewriter|_accounts$|_roles$"
)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_ACCOUNT = re.compile(r"[\w.$-]+@(?:[\w.%-]+)")
_NUMBER_OR_SWITCH = re.compile(r"-?[\d.]+(?:e[+-]?\d+)?|ON|OFF|YES|NO|AUTO|", re.IGNORECASE)
_CONNECTION = re.compile(r"(\bCONNECTION\s*=\s*)'(?:[^'\\]|''|\\.)*'", re.IGNORECASE)
_SYSTEM_ACCOUNTS = frozenset(
    ("system user", "event_scheduler", "mysql.sys", "mysql.session", "mysql.infoschema", "unauthenticated user", "")
)


class Hosts:
    """The server's own host name, which hides in file names as well; `hide` replaces it by `(host)`."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        names = {variables.get("hostname", ""), variables.get("report_host", "")}
        names |= {name.split(".", 1)[0] for name in names}
        words = sorted((re.escape(name) for name in names if name and name != "localhost"), key=len, reverse=True)
        self._names = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(words)})(?![A-Za-z0-9])") if words else None

    def hide(self, text: str) -> str:
        """The text without the host's name where it stands as a word of its own (`web1-bin.000001`)."""
        return self._names.sub("(host)", text) if self._names else text


def variables(raw: Mapping[str, str], hosts: Hosts) -> dict[str, str]:
    """Global variables fit to be stored: names in lower case, in alphabetical order."""
    return {name: _variable(name, value, hosts) for name, value in sorted(raw.items())}


def status(raw: Mapping[str, str]) -> dict[str, str]:
    """Global status fit to be stored: numbers and switches, which is all that rates are made of."""
    return {name: value for name, value in sorted(raw.items()) if _NUMBER_OR_SWITCH.fullmatch(value)}


def table_ddl(text: str) -> str:
    """A table's definition without the one place that can hold a password: FEDERATED's CONNECTION."""
    return _CONNECTION.sub(rf"\1'{REDACTED}'", text)


def _variable(name: str, value: str, hosts: Hosts) -> str:
    if not value:
        return value
    if (_SECRET.search(name) and not _POLICY.search(name)) or _HOST.search(name):
        return REDACTED
    if "://" in value or _ACCOUNT.search(value):
        return REDACTED
    looks_like_a_path = "/" in value or "\\" in value or name.endswith(("_file", "_basename", "_index", "log_error"))
    return _IPV4.sub("(address)", hosts.hide(value) if looks_like_a_path or name.startswith("relay_log") else value)


class Accounts:
    """Labels in place of account names: the same account has the same label throughout one collection."""

    def __init__(self, names: Iterable[str]) -> None:
        known = sorted({user_of(name) for name in names} - _SYSTEM_ACCOUNTS)
        self._labels = {name: f"account-{number}" for number, name in enumerate(known, 1)}

    def label(self, name: str) -> str:
        """`account-N`, or `system` for the server's own threads and definers."""
        return self._labels.get(user_of(name), "system")


def user_of(account: str) -> str:
    """The user of `user@host`; the host says nothing we want to keep."""
    user, at, _ = account.rpartition("@")
    return (user if at else account).strip("`'")
