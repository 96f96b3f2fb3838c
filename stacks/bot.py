"""The bot topology: one process that holds a connection of its own.

chat service ⇄ bot ─ volume
                ↑
browser → Railway domain (for what the bot shows)
"""

from __future__ import annotations

from components.topologies import BotSettings

__all__ = ["BotSettings"]
