"""Accounts in statements: MySQL writes them as names, and a digest tells no account."""

import re

from seatrial.parsing.collapse import Kind, Place, Token
from seatrial.parsing.words import KEYWORDS

ABOUT_ACCOUNTS = re.compile(
    rb"(?i)\s*+(?:GRANT|REVOKE|(?:CREATE|ALTER|DROP|RENAME)\s++(?:USER|ROLE)|SET\s++(?:PASSWORD|DEFAULT\s++ROLE|ROLE)"
    rb"|SHOW\s++(?:GRANTS|CREATE\s++USER))(?=\s|\Z)"
)
"""Statements whose names are those of accounts: nothing behind these words is told."""


def without_accounts(tokens: list[Token]) -> list[Token]:
    """`bob@db1` is no name: whoever has an account is told nowhere. Both sides become literals."""
    out: list[Token] = []
    for number, token in enumerate(tokens):
        following = tokens[number + 1] if number + 1 < len(tokens) else None
        before = out[-1] if out else None
        if following is not None and following.glued and _begins_host(following) and _may_be_account(token):
            token = Token(Kind.LITERAL, "?", places=(Place(-1, 0, None),), glued=token.glued)
        elif before is not None and before.kind is Kind.LITERAL and token.glued and _begins_host(token):
            out.append(Token(Kind.OTHER, "@", glued=True))
            if token.text == "@":
                continue
            token = Token(Kind.LITERAL, "?", places=(Place(-1, 0, None),), glued=True)
        elif before is not None and before.text == "@" and token.glued and token.kind is Kind.NAME:
            token = Token(Kind.LITERAL, "?", places=(Place(-1, 0, None),), glued=True)
        out.append(token)
    return out


def _begins_host(token: Token) -> bool:
    return token.text[:1] == "@" and token.text[:2] != "@@" and token.kind in (Kind.WORD, Kind.OTHER)


def _may_be_account(token: Token) -> bool:
    return token.kind is Kind.NAME or (token.kind is Kind.WORD and token.text.lower() not in KEYWORDS)
